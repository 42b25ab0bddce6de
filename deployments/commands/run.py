"""`lead-moves run`: a plan carried out by the flow `move_plan`, with a person looking on."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, NoReturn

from deployments.commands.embedded import prefect_server, quiet
from deployments.commands.screen import Screen, print_report
from deployments.commands.status import with_ledger
from leadmoves.begin import intent_of, new_occasion, unfinished_occasions
from leadmoves.errors import LeadMoveError
from leadmoves.jobs import Outcome
from leadmoves.outcome.report import MoveReport, Report
from leadmoves.plan import Plan, read_plan
from leadmoves.settings import read_settings
from leadmoves.stop import stop

Flow = Callable[[], Awaitable[Any]]


def run_plan(path: Path, occasion: str | None, *, anew: bool, as_json: bool, verbose: bool) -> int:
    """Carry a plan out; returns the exit code.

    Raises:
        LeadMoveError: refused, nothing was sent.

    """
    plan = read_plan(path)
    read_settings().required_key()
    screen = Screen()
    occasion = occasion or _choose_occasion(plan, screen, anew=anew)
    quiet(verbose=verbose)
    report = run_flow(screen, lambda: _move_plan(path.absolute(), occasion), occasion)
    return show(report, as_json=as_json)


def dry_run_plan(path: Path, occasion: str | None, *, as_json: bool) -> int:
    """Check a plan and show what would be sent; sends nothing."""
    plan = read_plan(path)
    named = occasion or "dry-run"
    intents = [intent_of(move, named) for move in plan.moves]
    moves = [
        MoveReport(name=i.name, key=i.key, outcome=Outcome.NOT_SENT, reason=f"dry run: would send {dict(i.body)}")
        for i in intents
    ]
    print_report(Report(occasion=named, moves=tuple(moves)), as_json=as_json, advise=False)
    return 0


def run_flow(screen: Screen, flow: Flow, occasion: str) -> Report:
    """Run a flow under a screen; interrupted, say what goes on.

    Raises:
        LeadMoveError: what the flow refused.

    """
    screen.say("starting Prefect …")
    from tasks.audience import watched_by  # noqa: PLC0415 - Prefect, 0.8 s

    with prefect_server(_import_flows) as screen.links, watched_by(screen):
        try:
            with screen.live():
                return asyncio.run(_report(flow))
        except KeyboardInterrupt:
            return _interrupted(screen, occasion)


def _import_flows() -> None:
    import flows.move_plan  # noqa: F401, PLC0415 - Prefect, and most of what the other flows need


def show(report: Report, *, as_json: bool) -> int:
    """Print a report, then write in the ledger that a person was told."""
    print_report(report, as_json=as_json)
    with_ledger(lambda ledger: ledger.told([move.key for move in report.moves]))
    return report.exit_code


def leave(exit_code: int) -> NoReturn:
    """End at once: Prefect takes a second to be torn down.

    Killed in that second, a run would have told its outcome and yet end as if it had not: whatever
    starts it again on a bad exit code would send again.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(exit_code)


async def _move_plan(path: Path, occasion: str) -> Any:
    from flows.move_plan import move_plan  # noqa: PLC0415 - Prefect, 0.8 s

    return await move_plan(plan_file=str(path), occasion=occasion, return_state=True)


async def _report(flow: Flow) -> Report:
    state = await flow()
    result = await state.aresult(raise_on_failure=False)
    if isinstance(result, LeadMoveError):
        raise result
    if isinstance(result, BaseException):
        raise LeadMoveError(f"the flow run failed: {type(result).__name__}: {result}") from result
    return Report.model_validate(result)


def _choose_occasion(plan: Plan, screen: Screen, *, anew: bool) -> str:
    """Where an earlier run of these moves is unfinished, finish that one, and say so."""
    unfinished = [] if anew else with_ledger(lambda ledger: unfinished_occasions(ledger, plan.moves))
    if not unfinished:
        return new_occasion()
    screen.say(
        f"an earlier run of these moves is unfinished: finishing occasion {unfinished[-1]} (--anew: a new one)"
    )
    return unfinished[-1]


def _interrupted(screen: Screen, occasion: str) -> Report:
    """Ctrl-C: nothing more is sent, we stop waiting, the jobs go on."""
    stopped = with_ledger(lambda ledger: stop(ledger, occasion=occasion))
    waiting = []
    for job_id, (key, name) in screen.running.items():
        screen.say(f"{name}: job {job_id} goes on in Instantly; look again: lead-moves resume {key}")
        reason = "interrupted; the job goes on"
        waiting.append(
            MoveReport(name=name, key=key, outcome=Outcome.STILL_RUNNING, reason=reason, job_ids=(job_id,))
        )
    if not waiting and not stopped:
        screen.say("interrupted; finish it with: lead-moves resume")
    return Report(occasion=occasion, moves=(*screen.reports.values(), *waiting, *stopped))
