"""Real processes on loopback: a Prefect server with its services, `lead-moves serve`, a worker, commands."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
from prefect.blocks.notifications import CustomWebhookNotificationBlock
from prefect.events.worker import EventsWorker
from prefect.settings import PREFECT_API_URL, temporary_settings

from deployments.catalogue import ROOT
from sandbox import Sandbox

KEY = "sandbox-key"
LEASE = 2.0  # seconds; a dead owner is taken over within it
PATIENCE = 120.0  # seconds that anything may take on a busy machine
ENDED = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}
# Everything that the server does by itself happens within a second or two.
SERVER = {
    "PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS": "5",
    "PREFECT_SERVER_SERVICES_SCHEDULER_RECENT_DEPLOYMENTS_LOOP_SECONDS": "1",
    "PREFECT_SERVER_SERVICES_LATE_RUNS_LOOP_SECONDS": "2",
    "PREFECT_SERVER_SERVICES_LATE_RUNS_AFTER_SECONDS": "3",
    # Its defaults write one event at a time, and SQLite is then locked for the rest.
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_BATCH_SIZE": "200",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_READ_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_FLUSH_INTERVAL": "1",
}


@dataclass(frozen=True)
class Stage:
    """Where the processes of a test live, and what they are told."""

    folder: Path
    api: str
    instantly: str

    @property
    def environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
        return inherited | {
            "DO_NOT_TRACK": "1",
            "HOME": str(self.folder),
            "PREFECT_HOME": str(self.folder / "prefect"),
            "PREFECT_PROFILES_PATH": str(self.folder / "profiles.toml"),
            "PREFECT_API_URL": self.api,
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_RUNNER_POLL_FREQUENCY": "1",
            "PREFECT_WORKER_QUERY_SECONDS": "1",
            "LEAD_MOVES_LEDGER": f"sqlite:///{self.folder}/ledger.sqlite",
            "LEAD_MOVES_LEASE_SECONDS": str(LEASE),
            "LEAD_MOVES_SETTLE_SECONDS": "1.5",
            "INSTANTLY_API_URL": self.instantly,
            "INSTANTLY_API_KEY": KEY,
            "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))),
        }

    # The server, asked.

    def get(self, path: str) -> Any:
        return self.ask("GET", path)

    def post(self, path: str, body: Any) -> Any:
        return self.ask("POST", path, body)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """A request, sent again where the server's database was busy, as Prefect's own client does."""
        deadline = time.monotonic() + PATIENCE
        while True:
            answer = httpx.request(method, f"{self.api}{path}", json=body, timeout=PATIENCE)
            if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE or time.monotonic() > deadline:
                return answer.raise_for_status().json() if answer.content else None
            time.sleep(0.5)

    def deployment(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.get(f"/deployments/name/{name}/{name}")
        return found

    def deployed(self, *words: str) -> None:
        """Everything set up, but for what comes of itself every five minutes: a test resumes when it says so."""
        done = self.lead_moves("deploy", *words)
        assert done.returncode == 0, done.stderr
        path = f"/deployments/{self.deployment('resume-moves')['id']}/schedules"
        for schedule in self.get(path):
            self.ask("PATCH", f"{path}/{schedule['id']}", {"active": False})

    def start(self, name: str, parameters: Mapping[str, Any], key: str | None = None) -> str:
        """Create a flow run as any program would; its id."""
        path = f"/deployments/{self.deployment(name)['id']}/create_flow_run"
        return str(self.post(path, {"parameters": dict(parameters), "idempotency_key": key})["id"])

    def run(self, run_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.get(f"/flow_runs/{run_id}")
        return found

    def ended(self, run_id: str) -> dict[str, Any]:
        """The flow run once it is over."""
        until(lambda: self.run(run_id)["state_type"] in ENDED, f"run {run_id} did not end")
        return self.run(run_id)

    # Processes.

    @contextmanager
    def serving(self) -> Iterator["subprocess.Popen[bytes]"]:
        """`lead-moves serve`, from a folder that is not the checkout."""
        with self.process("deployments", "serve") as (process, said):
            until(lambda: b"Serving" in said.read_bytes(), "lead-moves serve did not start", said)
            yield process

    @contextmanager
    def working(self, pool: str = "lead-moves") -> Iterator["subprocess.Popen[bytes]"]:
        """A process worker, from a folder that is not the checkout."""
        with self.process("prefect", "worker", "start", "--pool", pool) as (process, said):
            until(lambda: b"started!" in said.read_bytes(), "the worker did not start", said)
            yield process

    @contextmanager
    def process(self, module: str, *words: str) -> Iterator[tuple["subprocess.Popen[bytes]", Path]]:
        said = self.folder / f"{module}-{'-'.join(words[:1])}.log"
        command = [sys.executable, "-m", module, *words]
        with started(command, self.folder, self.environment, said) as process:
            yield process, said

    def lead_moves(self, *words: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "deployments", *words]
        here = {"cwd": self.folder, "env": self.environment, "timeout": PATIENCE}
        return subprocess.run(command, **here, capture_output=True, text=True, check=False)


@contextmanager
def started(
    command: list[str], folder: Path, environment: Mapping[str, str], said: Path
) -> Iterator["subprocess.Popen[bytes]"]:
    """A process, ended with the block, its own children first where it does not end them itself."""
    with said.open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=dict(environment), stdout=log, stderr=log)
        try:
            yield process
        finally:
            orphans = descendants(process.pid)
            process.send_signal(signal.SIGINT)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            for orphan in orphans:
                kill(orphan)


@contextmanager
def prefect_server(folder: Path, port: int | None = None) -> Iterator[str]:
    """A Prefect server with its UI, on a free port, its database in the folder; the URL of its API."""
    port = port or free_port()
    api = f"http://127.0.0.1:{port}/api"
    environment = Stage(folder, api, "").environment | SERVER  # its UI asks the API that is named there
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    said = folder / "server.log"
    with started(command, folder, environment, said):
        until(lambda: _healthy(api), "the Prefect server did not start", said)
        yield api


def _healthy(api: str) -> bool:
    try:
        return httpx.get(f"{api}/health", timeout=2).is_success
    except httpx.HTTPError:
        return False


def until(true: Callable[[], bool], otherwise: str, said: Path | None = None) -> None:
    """Wait for something that other processes bring about."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > deadline:
            raise AssertionError(otherwise + (f":\n{said.read_text()[-3000:]}" if said else ""))
        time.sleep(0.05)


def server_process(api: str) -> int:
    """The process that answers there, one of this test's own."""
    port = api.removesuffix("/api").rpartition(":")[2].encode()
    [found] = [child for child in descendants(os.getpid()) if _command(child).rstrip(b"\0").endswith(port)]
    return found


def flow_processes(pid: int) -> list[int]:
    """The processes below this one in which a flow runs."""
    return [child for child in descendants(pid) if b"engine" in _command(child)]


def descendants(pid: int) -> list[int]:
    parents = {int(path.name): _parent(path) for path in Path("/proc").iterdir() if path.name.isdigit()}
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found[1:]


def _parent(path: Path) -> int:
    try:
        return int((path / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return -1


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def kill(pid: int) -> None:
    """SIGKILL, as the machine's memory guard or a power cut would."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def move(instantly: Sandbox, name: str, **more: Any) -> dict[str, Any]:
    """Parameters of move-leads as the run form gives them."""
    places = instantly.workspace.named
    source, to = places("EU prospects").id, places("New year launch").id
    request = {"list_id": source, "to_campaign_id": to, "esp_code": "Google", "limit": 5}
    return {"move": {"name": name, "request": request | more}}


def jobs(instantly: Sandbox) -> int:
    """How many moves Instantly was asked for."""
    return sum(job.type == "move-leads" for job in instantly.jobs.by_id.values())


@dataclass
class Channel:
    """A chat channel behind a notification block."""

    url: str = ""
    messages: list[dict[str, str]] = field(default_factory=list)

    def heard(self, subject: str) -> list[dict[str, str]]:
        return [message for message in self.messages if subject in message["subject"]]


def save_channel(stage: Stage, ops: Channel) -> None:
    """As a person makes a webhook block in the UI."""
    said = {"subject": "{{subject}}", "body": "{{body}}"}
    with temporary_settings({PREFECT_API_URL: stage.api}):
        block = CustomWebhookNotificationBlock(name="ops", url=ops.url, json_data=said)
        block.save("ops", overwrite=True, _sync=True)
        EventsWorker.drain_all()  # it is of this server, and would be kept for the next one's events


@contextmanager
def channel() -> Iterator[Channel]:
    heard = Channel()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.messages.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Not on the terminal of a test run."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        heard.url = f"http://127.0.0.1:{server.server_port}"
        yield heard
        server.shutdown()
