"""Real processes: killed in the steps around a submit, or stopped past their lease and woken.

Counted at a sandbox on a real socket. `test_kill` has the points of an undisturbed submit and of a lost answer.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import sandbox
from sandbox import Fault, Sandbox

ROOT = Path(__file__).parents[2]
TIMES = 50 if os.environ.get("LEAD_MOVES_PROVE") else 1
MOVE = "/api/v2/leads/move"
SETTLE, LEASE, TIMEOUT = 1.5, 1.0, 2.0  # seconds; short, so that a sweep is
SIDE_BY_SIDE = 4  # a restarted process mostly waits, for the lease and for the settle time
LONGEST = 120.0  # seconds that a process may take on a busy machine

# Where it dies, and what the API does to its POST so that it gets there.
POINTS: Mapping[str, Fault | None] = {
    "begun": None,
    "absent": Fault(kind="lose-request", path=MOVE),
    "throttled": Fault(kind="status", status=429, path=MOVE, effect=False),
    "busy": Fault(kind="status", status=409, path=MOVE, effect=False),
    "waited": None,
    "concluded": None,
    "told": None,
}
# From these on its job has ended: a restart sends nothing. Once the report is written, it asks nothing at all.
OVER = {"waited": 2, "concluded": 0, "told": 0}


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

    def kill_and_finish(self, point: str, occasion: str) -> Aftermath:
        """Start it, see it die there, and start it again without a knife."""
        known = self.jobs
        if fault := POINTS[point]:
            self.sandbox.faults.add(fault)
        carrier = self.start(occasion, "kill", point)
        _, err = carrier.communicate(timeout=LONGEST)
        assert carrier.returncode == -signal.SIGKILL, f"{point}: {err}"
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
    out, err = process.communicate(timeout=LONGEST)
    assert out, err
    report: dict[str, Any] = json.loads(out)
    return report


@contextmanager
def scene_in(folder: Path) -> Iterator[Scene]:
    here = sandbox.create(leads=200, seed=5, settings=sandbox.Settings(seconds_per_job=0.6, per_second=None))
    source, to = here.workspace.named("EU prospects").id, here.workspace.named("Q4 outreach").id
    plan = {"moves": [{"name": "m", "request": {"list_id": source, "to_campaign_id": to, "limit": 5}}]}
    with sandbox.running(here) as url:
        env = {
            **os.environ,
            "PLAN": json.dumps(plan),
            "INSTANTLY_API_URL": url,
            "INSTANTLY_API_KEY": here.settings.key,
            "LEAD_MOVES_LEDGER": f"sqlite:///{folder}/ledger.sqlite",
            "LEAD_MOVES_SETTLE_SECONDS": str(SETTLE),
            "LEAD_MOVES_LEASE_SECONDS": str(LEASE),
            "LEAD_MOVES_REQUEST_TIMEOUT": str(TIMEOUT),
        }
        yield Scene(here, env)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with scene_in(tmp_path) as here:
        yield here


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], list[Aftermath]]:
    """All points, some side by side: what became of each, as often as it was tried."""

    folders = {point: tmp_path_factory.mktemp(point) for point in POINTS}  # not safe in threads

    def tried(point: str) -> list[Aftermath]:
        with scene_in(folders[point]) as scene:
            return [scene.kill_and_finish(point, f"{point} {n}") for n in range(TIMES)]

    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        tries = {point: pool.submit(tried, point) for point in POINTS}
    return lambda point: tries[point].result()


@pytest.mark.parametrize("point", POINTS)
def test_killed_around_a_submit_it_is_finished_once(sweep: Callable[[str], list[Aftermath]], point: str) -> None:
    for after in sweep(point):
        assert after.report["outcome"] == "succeeded"
        assert tuple(after.report["job_ids"]) == after.jobs
        assert len(after.jobs) == 1


@pytest.mark.parametrize("point", OVER)
def test_killed_when_its_job_was_over_a_restart_sends_nothing(
    sweep: Callable[[str], list[Aftermath]], point: str
) -> None:
    for after in sweep(point):
        assert after.posts == 0
        assert after.gets <= OVER[point]


def stopped_and_woken(scene: Scene, **env: str) -> "tuple[dict[str, Any], subprocess.Popen[str]]":
    """One process is stopped as it says «sending», a second does its work, then the first wakes up."""
    sleeper = scene.start("stopped", "stop", "sending", **env)
    os.waitpid(sleeper.pid, os.WUNTRACED)
    heir = said(scene.start("stopped"))
    sleeper.send_signal(signal.SIGCONT)
    return heir, sleeper


def test_stopped_for_longer_than_the_lease_it_wakes_up_and_sends_nothing(scene: Scene) -> None:
    heir, sleeper = stopped_and_woken(scene)

    assert said(sleeper)["job_ids"] == heir["job_ids"] == list(scene.jobs)
    assert scene.requests("POST") == 1


def test_without_the_fence_it_wakes_up_and_makes_a_second_job(scene: Scene) -> None:
    _, sleeper = stopped_and_woken(scene, UNFENCED="1")
    sleeper.communicate(timeout=LONGEST)

    assert len(scene.jobs) == 2
