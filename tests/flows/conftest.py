"""A sandbox on a loopback socket with a list of thirty leads, and a channel that hears notifications."""

import gc
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from prefect import Flow
from prefect.blocks.notifications import CustomWebhookNotificationBlock
from prefect.client.schemas.objects import State

from leadmoves.outcome.report import MoveReport, Report
from sandbox import Fault, Sandbox, Script, Settings, Workspace, create, running
from sandbox.workspace import Place

KEY = "sk-3f9c-never-to-be-shown"
MOVE = "/api/v2/leads/move"
LEADS = 30


@dataclass
class Scene:
    """One Instantly, as the tests of a flow arrange it."""

    sandbox: Sandbox
    url: str
    source: Place
    destination: Place

    @property
    def workspace(self) -> Workspace:
        return self.sandbox.workspace

    @property
    def posts(self) -> int:
        return self.sandbox.stats.requests[f"POST {MOVE}"]

    @property
    def requests(self) -> int:
        return self.sandbox.stats.requests.total()

    @property
    def jobs(self) -> list[str]:
        """The ids of all move jobs."""
        return [job.id for job in self.sandbox.jobs.by_id.values() if job.type == "move-leads"]

    def move(self, name: str = "top-up", *, limit: int = 10, **more: Any) -> dict[str, Any]:
        """An entry of a plan."""
        request = {"list_id": self.source.id, "to_campaign_id": self.destination.id, "limit": limit}
        return {"name": name, "request": request, **more}

    def script(self, **script: Any) -> None:
        """How the next move's job goes."""
        self.sandbox.faults.add(Fault(kind="job", path=MOVE, script=Script(**script)))

    def fault(self, **fault: Any) -> None:
        self.sandbox.faults.add(Fault(**fault))


@pytest.fixture
def scene(prefect_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    settings = Settings(key=KEY, seconds_per_job=0.2, per_second=None, per_minute=None)
    sandbox = create(leads=0, seed=3, settings=settings)
    source = sandbox.workspace.add_list("Prospects")
    destination = sandbox.workspace.add_campaign("Launch")
    sandbox.workspace.add_leads(source, LEADS)
    with running(sandbox) as url:
        monkeypatch.setenv("INSTANTLY_API_URL", url)
        monkeypatch.setenv("INSTANTLY_API_KEY", KEY)
        monkeypatch.setenv("LEAD_MOVES_SETTLE_SECONDS", "1.5")
        monkeypatch.setenv("LEAD_MOVES_REQUEST_TIMEOUT", "3")
        yield Scene(sandbox, url, source, destination)
    gc.collect()  # what Prefect left open on this test's loop is its own, and must not warn in the next test


@dataclass
class Channel:
    """What a chat channel was told, behind the notification block `custom-webhook/<name>`."""

    block: str
    status: int = 204
    posts: list[dict[str, str]] = field(default_factory=list)


@pytest.fixture
async def channel(prefect_url: str) -> "AsyncIterator[Channel]":
    heard = Channel("custom-webhook/ops")
    with listening(heard) as url:
        said = {"subject": "{{subject}}", "body": "{{body}}"}
        await CustomWebhookNotificationBlock(name="ops", url=url, json_data=said).save("ops", overwrite=True)
        yield heard


@contextmanager
def listening(channel: Channel) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            channel.posts.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(channel.status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Not on the terminal of a test run."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()  # seconds until it sees its end
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@dataclass(frozen=True)
class Ran:
    """How a flow run ended."""

    state: State[Any]
    report: Report

    @property
    def move(self) -> MoveReport:
        """Of a run of one move."""
        [move] = self.report.moves
        return move


@pytest.fixture
def run() -> "Callable[..., Awaitable[Ran]]":
    async def ran(flow: Flow[..., Any], **parameters: Any) -> Ran:
        state = await flow(**parameters, return_state=True)
        return Ran(state, Report.model_validate(await state.aresult(raise_on_failure=False)))

    return ran
