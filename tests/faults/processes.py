"""Carriers in processes of their own, killed or stopped where a test says, and the sandbox that they work with."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sandbox
from sandbox import Fault, Sandbox

ROOT = Path(__file__).parents[2]
MOVE = "/api/v2/leads/move"
SETTLE, LEASE, TIMEOUT = 1.5, 1.0, 2.0  # seconds; short, so that a sweep is
LONGEST = 120.0  # seconds that a process may take on a busy machine
LEADS = 5  # a move


@dataclass(frozen=True)
class Aftermath:
    """What the second start made of it, and what it asked of the API."""

    report: dict[str, Any]
    jobs: tuple[str, ...]  # of this occasion
    posts: int
    gets: int


@dataclass(frozen=True)
class Scene:
    """A sandbox on a real socket, and the environment of whoever uses it."""

    sandbox: Sandbox
    env: Mapping[str, str]

    def start(self, occasion: str, *knife: str, **env: str) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "tests.faults.carrier", occasion, *knife]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(command, env={**self.env, **env}, cwd=ROOT, text=True, **pipes)

    def kill_and_finish(self, occasion: str, point: str, fault: Fault | None = None) -> Aftermath:
        """Start it, see it die at this point, and start it again without a knife."""
        known = self.jobs
        if fault:
            self.sandbox.faults.add(fault)
        carrier = self.start(occasion, "kill", point)
        _, err = carrier.communicate(timeout=LONGEST)
        assert carrier.returncode == -signal.SIGKILL, f"{point}: {err}"
        return self.finish(occasion, known)

    def finish(self, occasion: str, known: frozenset[str]) -> Aftermath:
        """Start it again; `known` are the jobs that were there before the first start."""
        posts, gets = self.requests("POST"), self.requests("GET")
        report = said(self.start(occasion))
        jobs = tuple(self.jobs - known)
        return Aftermath(report, jobs, self.requests("POST") - posts, self.requests("GET") - gets)

    @property
    def jobs(self) -> frozenset[str]:
        return frozenset(self.sandbox.jobs.by_id)

    def requests(self, verb: str) -> int:
        return sum(n for name, n in self.sandbox.stats.requests.copy().items() if name.startswith(verb))


def said(process: "subprocess.Popen[str]") -> dict[str, Any]:
    """The report that it prints at its end."""
    out, err = process.communicate(timeout=LONGEST)
    assert out, err
    report: dict[str, Any] = json.loads(out)
    return report


@contextmanager
def scene_in(folder: Path, occasions: int = 1) -> Iterator[Scene]:
    """A scene with leads enough for so many occasions."""
    here = sandbox.create(leads=0, seed=5, settings=sandbox.Settings(seconds_per_job=0.6, per_second=None))
    source, to = here.workspace.add_list("Source"), here.workspace.add_campaign("Goal")
    here.workspace.add_leads(source, LEADS * (occasions + 1))
    request = {"list_id": source.id, "to_campaign_id": to.id, "limit": LEADS}
    with sandbox.running(here) as url:
        env = {
            **os.environ,
            "PLAN": json.dumps({"moves": [{"name": "m", "request": request}]}),
            "INSTANTLY_API_URL": url,
            "INSTANTLY_API_KEY": here.settings.key,
            "LEAD_MOVES_LEDGER": f"sqlite:///{folder}/ledger.sqlite",
            "LEAD_MOVES_SETTLE_SECONDS": str(SETTLE),
            "LEAD_MOVES_LEASE_SECONDS": str(LEASE),
            "LEAD_MOVES_REQUEST_TIMEOUT": str(TIMEOUT),
        }
        yield Scene(here, env)
