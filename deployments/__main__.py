"""The command line `lead-moves`.

Exit: 0 every move succeeded · 1 at least one did not · 2 the input was refused, nothing was sent ·
3 at least one is in doubt or still running.

Each command imports what it needs when it is called: `--help` answers before Prefect could be imported.
"""

import sys
from pathlib import Path

import click

from leadmoves.errors import InvalidInput, LeadMoveError

PLAN = click.argument("plan", type=click.Path(path_type=Path))
JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout, nothing else.")
SCHEDULES = click.option("--schedules", type=click.Path(path_type=Path), help="A YAML file of schedules.")
VERBOSE = click.option("-v", "--verbose", is_flag=True, help="Show Prefect's own log.")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="lead-moves")
def cli() -> None:
    """Move leads in Instantly.ai once, watch the job to its end, tell the outcome truthfully."""


@cli.command()
@PLAN
@click.option("--occasion", help="Same plan, same occasion: never sent twice. By default each run is its own.")
@click.option("--anew", is_flag=True, help="Send again even where an earlier run of these moves is unfinished.")
@click.option("--dry-run", is_flag=True, help="Check the plan and show the requests; send nothing.")
@JSON
@VERBOSE
def run(  # noqa: PLR0913, PLR0917 - click hands every option on
    plan: Path, occasion: str | None, anew: bool, dry_run: bool, as_json: bool, verbose: bool
) -> None:
    """Make the moves of a PLAN file (YAML or JSON)."""
    from deployments.commands.run import dry_run_plan, leave, run_plan  # noqa: PLC0415 - see the module's docstring

    if dry_run:
        sys.exit(dry_run_plan(plan, occasion, as_json=as_json))
    leave(run_plan(plan, occasion, anew=anew, as_json=as_json, verbose=verbose))


@cli.command()
@VERBOSE
def demo(verbose: bool) -> None:
    """See it work: a local Instantly, three moves, a warmup, a notification."""
    click.echo("lead-moves demo: a local Instantly with 5,000 leads, and Prefect's embedded server")
    from deployments.commands.demo import run_demo  # noqa: PLC0415 - as above

    sys.exit(run_demo(verbose=verbose))


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8765, show_default=True, help="0: any free port.")
@click.option("--leads", default=5000, show_default=True)
@click.option("--seed", default=0, show_default=True, help="The same seed makes the same workspace.")
@click.option("--key", default="sandbox-key", show_default=True, help="The API key that it takes.")
def sandbox(host: str, port: int, leads: int, seed: int, key: str) -> None:
    """Run a local Instantly, with faults by switch."""
    from sandbox.__main__ import run as run_sandbox  # noqa: PLC0415 - as above

    run_sandbox(host, port, leads, seed, key)


@cli.command()
@click.argument("key", required=False)
@JSON
def status(key: str | None, as_json: bool) -> None:
    """Show the latest moves, or one KEY with its whole story."""
    from deployments.commands.status import show_status  # noqa: PLC0415 - as above

    sys.exit(show_status(key, as_json=as_json))


@cli.command()
@click.argument("key", required=False)
@click.option("--adopt", metavar="JOB", help="A move in doubt: this job is the one.")
@click.option("--send-again", is_flag=True, help="A move in doubt: none of the candidates is; send it.")
@JSON
@VERBOSE
def resume(key: str | None, adopt: str | None, send_again: bool, as_json: bool, verbose: bool) -> None:
    """Finish what an earlier run left: all unfinished moves, or one KEY."""
    from deployments.commands.resume import resume as resume_  # noqa: PLC0415 - as above
    from deployments.commands.run import leave  # noqa: PLC0415 - as above

    leave(resume_(key, adopt, send_again=send_again, as_json=as_json, verbose=verbose))


@cli.command()
@PLAN
@JSON
def preview(plan: Path, as_json: bool) -> None:
    """Count what the moves of a PLAN would take; moves nothing."""
    from deployments.commands.preview import preview_plan  # noqa: PLC0415 - as above

    sys.exit(preview_plan(plan, as_json=as_json))


@cli.command()
@click.argument("key")
@JSON
@VERBOSE
def undo(key: str, as_json: bool, verbose: bool) -> None:
    """Move the leads of a finished move back to where they came from."""
    from deployments.commands.run import leave  # noqa: PLC0415 - as above
    from deployments.commands.undo import undo as undo_  # noqa: PLC0415 - as above

    leave(undo_(key, as_json=as_json, verbose=verbose))


@cli.command()
@click.option("--pool", default="lead-moves", show_default=True, help="Process work pool; created if missing.")
@SCHEDULES
@click.option("--credentials", metavar="NAME", help="Store INSTANTLY_API_KEY in this block.")
@click.option("--notify", metavar="BLOCK", help="Tell people through this block, e.g. slack-webhook/ops.")
@click.option("--installed", is_flag=True, help="For workers on other machines that have lead-moves installed.")
def deploy(pool: str, schedules: Path | None, credentials: str | None, notify: str | None, installed: bool) -> None:
    """Set deployments, schedules and automations up on a Prefect server; again and again, nothing is doubled."""
    from deployments.deploy import Wish  # noqa: PLC0415 - as above
    from deployments.deploy import deploy as deploy_  # noqa: PLC0415 - as above

    sys.exit(deploy_(Wish(pool, schedules, credentials, notify, installed)))


@cli.command()
@SCHEDULES
def serve(schedules: Path | None) -> None:
    """Set the deployments up and run them all in this process: one machine, no worker."""
    from deployments.serve import serve as serve_  # noqa: PLC0415 - as above

    sys.exit(serve_(schedules))


@cli.command("notify-test")
@click.argument("block")
def notify_test(block: str) -> None:
    """Send a test message through a notification BLOCK, e.g. slack-webhook/ops."""
    from deployments.blocks import notify_test as notify_test_  # noqa: PLC0415 - as above

    sys.exit(notify_test_(block))


@cli.command()
@click.option("--days", default=90, show_default=True, help="Keep what ended within so many days.")
def forget(days: int) -> None:
    """Delete old finished moves from the ledger."""
    from deployments.commands.status import forget_before  # noqa: PLC0415 - as above

    click.echo(f"forgot {forget_before(days)} moves")


def main() -> None:
    """Run the command line; what is refused is one message and exit 2."""
    try:
        cli()
    except LeadMoveError as error:
        if "--json" in sys.argv:
            click.echo(_refusal(error))
        click.echo(f"lead-moves: {error}", err=True)
        sys.exit(2)


def _refusal(error: LeadMoveError) -> str:
    """The JSON document of a refusal."""
    import json  # noqa: PLC0415 - only here

    problems = error.problems if isinstance(error, InvalidInput) else ()
    listed = [{"field": p.field, "message": p.message, "line": p.line} for p in problems]
    return json.dumps({"occasion": None, "moves": [], "error": str(error), "problems": listed}, ensure_ascii=False)


if __name__ == "__main__":
    main()
