"""The command line as its users have it: real processes, a sandbox of their own, a plan file."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from deployments.catalogue import ROOT
from leadmoves.settings import Settings
from sandbox import Fault, Sandbox, Script
from sandbox.workspace import Place

PATIENCE = 60.0  # seconds that a command may take on a busy machine
COMMAND = (sys.executable, "-m", "deployments")
OURS = {str(field.validation_alias) for field in Settings.model_fields.values()}


def clean(folder: Path) -> dict[str, str]:
    """An environment that knows no key, no Prefect and no home but this folder."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith("PREFECT_") and name not in OURS
    }
    return kept | {"HOME": str(folder), "DO_NOT_TRACK": "1", "PYTHONPATH": str(ROOT), "COLUMNS": "200"}


@dataclass
class Running:
    """A command on its way, what it says kept with the time at which it said so."""

    process: "subprocess.Popen[str]"
    lines: list[tuple[float, str]] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def __post_init__(self) -> None:
        self.begun = time.monotonic()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def text(self) -> str:
        return "".join(line for _, line in self.lines)

    def until(self, word: str) -> None:
        """Wait until it says that."""
        with self.changed:
            assert self.changed.wait_for(lambda: word in self.text, PATIENCE), self.text

    def end(self) -> int:
        """Wait until it is over; its exit code."""
        code = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        if self.process.stdout:
            self.process.stdout.close()
        return code

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        self.process.send_signal(how)

    def _read(self) -> None:
        for line in self.process.stdout or ():
            with self.changed:
                self.lines.append((time.monotonic() - self.begun, line))
                self.changed.notify_all()


def start(*words: str, folder: Path, env: dict[str, str]) -> Running:
    """A command whose two streams are read as one."""
    return Running(
        subprocess.Popen(
            [*COMMAND, *words], cwd=folder, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
    )


@dataclass
class Shell:
    """A folder with a plan, and an Instantly to make it in."""

    folder: Path
    sandbox: Sandbox
    environment: dict[str, str]
    source: Place
    destination: Place

    def plan(self, *moves: dict[str, Any]) -> str:
        """The path of a plan with these moves."""
        path = self.folder / "plan.yaml"
        path.write_text(yaml.safe_dump({"moves": list(moves or [self.move()])}))
        return str(path)

    def move(self, name: str = "top-up", **more: Any) -> dict[str, Any]:
        request = {"list_id": self.source.id, "to_campaign_id": self.destination.id, "limit": 10}
        return {"name": name, "request": request, **more}

    def script(self, **script: Any) -> None:
        """How the next move's job goes."""
        self.sandbox.faults.add(Fault(kind="job", path="/api/v2/leads/move", script=Script(**script)))

    @property
    def requests(self) -> int:
        return self.sandbox.stats.requests.total()

    @property
    def posts(self) -> int:
        return self.sandbox.stats.requests["POST /api/v2/leads/move"]

    def run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*COMMAND, *words],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )

    def json(self, *words: str) -> tuple[int, dict[str, Any]]:
        """Exit code and the one document on stdout."""
        done = self.run(*words, "--json")
        document: dict[str, Any] = json.loads(done.stdout)
        return done.returncode, document

    def start(self, *words: str, **env: str) -> Running:
        kept = {name: value for name, value in (self.environment | env).items() if value}
        return start(*words, folder=self.folder, env=kept)
