"""One Prefect server with its services and one Instantly for all tests of deployments."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from sandbox import Fault, Sandbox, Script, Settings, create, running
from tests.deployments.shell import Shell, clean
from tests.deployments.stage import KEY, Channel, Stage, channel, prefect_server


@pytest.fixture(scope="session")
def instantly() -> Sandbox:
    settings = Settings(key=KEY, seconds_per_job=0.2, per_second=None, per_minute=None)
    return create(leads=1_000, seed=5, settings=settings)


@pytest.fixture(scope="session")
def stage(instantly: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("stage")
    with running(instantly) as url, prefect_server(folder) as api:
        yield Stage(folder, api, url)


@pytest.fixture(scope="session")
def ops() -> Iterator[Channel]:
    with channel() as heard:
        yield heard


@pytest.fixture
def slow(instantly: Sandbox) -> Iterator[None]:
    """The next move's job takes so long that its run can be killed while it waits."""
    script = Script(duration=6.0)
    instantly.faults.add(Fault(kind="job", path="/api/v2/leads/move", script=script))
    yield
    instantly.faults.clear()


@pytest.fixture
def old_server() -> Iterator[str]:
    """Something that answers as a Prefect server of the last major version; the URL of its API."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            said = b'"2.20.3"'
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: object) -> None:
            """Not on the terminal of a test run."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/api"
        server.shutdown()


@pytest.fixture
def shell(prefect_url: str, tmp_path: Path) -> Iterator[Shell]:
    sandbox = create(leads=0, seed=3, settings=Settings(seconds_per_job=0.2, per_second=None, per_minute=None))
    source, destination = sandbox.workspace.add_list("Prospects"), sandbox.workspace.add_campaign("Launch")
    sandbox.workspace.add_leads(source, 30)
    sandbox.workspace.add_account("ana@example.com", 0)
    with running(sandbox) as url:
        environment = clean(tmp_path) | {
            "INSTANTLY_API_KEY": sandbox.settings.key,
            "INSTANTLY_API_URL": url,
            "LEAD_MOVES_LEDGER": f"sqlite:///{tmp_path}/ledger.sqlite",
            "LEAD_MOVES_LEASE_SECONDS": "1",
            "LEAD_MOVES_SETTLE_SECONDS": "1.5",
            "PREFECT_API_URL": prefect_url,
        }
        yield Shell(tmp_path, sandbox, environment, source, destination)
