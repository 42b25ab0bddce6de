"""`lead-moves demo`: the whole of it on this machine alone, in a minute.

A local Instantly with 5,000 leads, Prefect's embedded server, a local webhook that plays the chat channel; three
moves in a row: one succeeds and warms up three accounts (one of which does not exist), one fails, one moves
nothing. Everything lives in a temporary folder and is gone afterwards.
"""

import json
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from deployments.commands.embedded import quiet
from deployments.commands.run import run_flow
from deployments.commands.screen import Screen, print_report
from leadmoves.jobs import Outcome
from leadmoves.outcome.report import Report
from sandbox import Fault, Sandbox, Script, create, running

LEADS = 5_000
SECONDS = 6.0  # how long a move takes: long enough to see its bar grow
# What the demo must end with; anything else is a fault of ours.
EXPECTED = (Outcome.SUCCEEDED, Outcome.FAILED, Outcome.NOTHING_MOVED)


def run_demo(*, verbose: bool) -> int:
    """Run the demo; 0 where all went as it should, the failures on purpose included."""
    screen = Screen()
    with TemporaryDirectory(prefix="lead-moves-demo-") as folder, webhook(screen) as hook:
        sandbox = scene()
        with running(sandbox) as url:
            _environment(Path(folder), url, sandbox.settings.key)
            quiet(verbose=verbose)
            report = run_flow(screen, lambda: _demo(_plan(sandbox), hook), "demo")
    print_report(report, as_json=False)
    return 0 if _as_expected(report, screen) else 1


def scene() -> Sandbox:
    """A workspace in which the second move fails, and moves take some seconds."""
    sandbox = create(leads=LEADS, seed=7)
    slow = Script(duration=SECONDS)
    failing = Script(outcome="failed", duration=SECONDS / 2)
    path = "/api/v2/leads/move"
    sandbox.faults.add(Fault(kind="job", path=path, script=slow), Fault(kind="job", path=path, script=failing))
    return sandbox


def _plan(sandbox: Sandbox) -> dict[str, Any]:
    source = sandbox.workspace.named("EU prospects").id
    to = sandbox.workspace.named("New year launch").id
    accounts = list(sandbox.workspace.accounts)[:2]
    notify = ["custom-webhook/demo"]
    return {
        "moves": [
            {
                "name": "eu-not-contacted",
                "request": {
                    "list_id": source,
                    "to_campaign_id": to,
                    "filter": "FILTER_VAL_NOT_CONTACTED",
                    "limit": 500,
                },
                "on_success": {"enable_warmup": {"emails": [*accounts, "nobody@example.com"]}},
                "notify": notify,
            },
            {
                "name": "eu-google",
                "request": {"list_id": source, "to_campaign_id": to, "esp_code": 1, "limit": 200},
                "notify": notify,
            },
            {
                "name": "eu-one-person",
                "request": {"list_id": source, "to_campaign_id": to, "contacts": ["not.there@example.com"]},
                "notify": notify,
            },
        ]
    }


async def _demo(plan: Mapping[str, Any], hook: str) -> Any:
    from prefect.blocks.notifications import CustomWebhookNotificationBlock  # noqa: PLC0415 - Prefect, 0.8 s

    from flows.move_plan import move_plan  # noqa: PLC0415 - as above

    block = CustomWebhookNotificationBlock(
        name="demo", url=hook, json_data={"subject": "{{subject}}", "body": "{{body}}"}
    )
    await block.save("demo", overwrite=True)
    return await move_plan(plan=plan, occasion="demo", return_state=True)


def _environment(folder: Path, url: str, key: str) -> None:
    """Everything in the temporary folder, nothing of the user's own Prefect or Instantly."""
    os.environ.pop("PREFECT_API_URL", None)
    os.environ |= {
        "PREFECT_HOME": str(folder / "prefect"),
        "PREFECT_PROFILES_PATH": str(folder / "profiles.toml"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "LEAD_MOVES_LEDGER": f"sqlite:///{folder}/ledger.sqlite",
        "INSTANTLY_API_URL": url,
        "INSTANTLY_API_KEY": key,
    }


def _as_expected(report: Report, screen: Screen) -> bool:
    outcomes = tuple(move.outcome for move in report.moves)
    if outcomes == EXPECTED:
        screen.say("The second and the third failed on purpose: this is how people are told.")
        return True
    screen.say(f"This is not what the demo should end with: {', '.join(outcomes)}")
    return False


@contextmanager
def webhook(screen: Screen) -> Iterator[str]:
    """A loopback address that prints what is posted to it, as a chat channel would."""

    class Channel(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posted = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            screen.say(f"[webhook] {posted['subject']}\n    " + posted["body"].replace("\n", "\n    "))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Its requests are shown already."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Channel)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
