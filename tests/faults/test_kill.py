"""A real process, killed with SIGKILL at every named point of the protocol and at random times, then started again.

Counted at the sandbox: one job, and the second start sends nothing where a job is known.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import sandbox
from leadmoves.decisions import Decided
from sandbox import Fault, Sandbox

ROOT = Path(__file__).parents[2]
PROVE = bool(os.environ.get("LEAD_MOVES_PROVE"))
TIMES = int(os.environ.get("LEAD_MOVES_RUNS") or (50 if PROVE else 1))
SEED = int(os.environ.get("LEAD_MOVES_SEED") or 20_261_123)
MOVE = "/api/v2/leads/move"
SETTLE, LEASE, TIMEOUT = 1.5, 1.0, 2.0  # seconds; short, so that a sweep is

# What an undisturbed move passes, and what one passes whose answer is lost.
CALM = (Decided.INTENDED, Decided.BASELINE, Decided.SENDING, Decided.ANSWERED, Decided.ACCEPTED)
LOST = (Decided.AMBIGUOUS, Decided.LOOKED, Decided.ADOPTED)
# From these on the job is known: a restart must not even look for it.
KNOWN = (Decided.ACCEPTED, Decided.ADOPTED)


@dataclass
class Scene:
    """A sandbox on a real socket, and the environment of whoever uses it."""

    sandbox: Sandbox
    env: dict[str, str]

    def start(self, occasion: str, *die_at: str) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "tests.faults.victim", occasion, *die_at]
        return subprocess.Popen(
            command, env=self.env, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def kill_at(self, occasion: str, point: str) -> None:
        """Start it, and see it die there."""
        victim = self.start(occasion, point)
        _, err = victim.communicate(timeout=60)
        assert victim.returncode == -signal.SIGKILL, err

    def finish(self, occasion: str) -> dict[str, object]:
        """Start again, without a knife, and read the report."""
        out, err = self.start(occasion).communicate(timeout=60)
        assert out, err
        report: dict[str, object] = json.loads(out)["report"]
        return report

    @property
    def posts(self) -> int:
        return int(self.sandbox.stats_now()["requests"].get(f"POST {MOVE}", 0))

    @property
    def gets(self) -> int:
        return sum(n for name, n in self.sandbox.stats_now()["requests"].items() if name.startswith("GET"))


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    here = sandbox.create(leads=200, seed=5, settings=sandbox.Settings(seconds_per_job=0.6, per_second=None))
    source = here.workspace.named("EU prospects").id
    to = here.workspace.named("Q4 outreach").id
    plan = {"moves": [{"name": "m", "request": {"list_id": source, "to_campaign_id": to, "limit": 5}}]}
    with sandbox.running(here) as url:
        env = {
            **os.environ,
            "PLAN": json.dumps(plan),
            "INSTANTLY_API_URL": url,
            "INSTANTLY_API_KEY": here.settings.key,
            "LEAD_MOVES_LEDGER": f"sqlite:///{tmp_path}/ledger.sqlite",
            "LEAD_MOVES_SETTLE_SECONDS": str(SETTLE),
            "LEAD_MOVES_LEASE_SECONDS": str(LEASE),
            "LEAD_MOVES_REQUEST_TIMEOUT": str(TIMEOUT),
        }
        yield Scene(here, env)


def _ends_well(scene: Scene, occasion: str) -> None:
    """Started again, the move is one job, and the report is that job's."""
    before = len(scene.sandbox.jobs.by_id)
    report = scene.finish(occasion)
    jobs = list(scene.sandbox.jobs.by_id)
    assert report["outcome"] == "succeeded"
    assert report["job_ids"] == [jobs[-1]]
    assert before <= len(jobs)


@pytest.mark.parametrize("point", CALM)
def test_killed_at_a_point_of_the_protocol_it_is_finished_once(scene: Scene, point: Decided) -> None:
    for n in range(TIMES):
        jobs = len(scene.sandbox.jobs.by_id)
        scene.kill_at(f"{point}-{n}", point)

        posts, gets = scene.posts, scene.gets
        _ends_well(scene, f"{point}-{n}")

        assert len(scene.sandbox.jobs.by_id) - jobs == 1
        if point in KNOWN:
            assert scene.posts == posts
            assert scene.gets - gets <= 2


@pytest.mark.parametrize("point", LOST)
def test_killed_while_it_settles_a_lost_answer_it_is_finished_once(scene: Scene, point: Decided) -> None:
    for n in range(TIMES):
        jobs = len(scene.sandbox.jobs.by_id)
        scene.sandbox.faults.add(Fault(kind="lose-answer", path=MOVE))
        scene.kill_at(f"{point}-{n}", point)

        posts = scene.posts
        _ends_well(scene, f"{point}-{n}")

        assert len(scene.sandbox.jobs.by_id) - jobs == 1
        assert scene.posts == posts


def test_killed_at_random_times_it_is_finished_once(scene: Scene) -> None:
    rng = random.Random(SEED)
    print(f"seed {SEED}")
    for n in range(max(TIMES, 3)):
        jobs = len(scene.sandbox.jobs.by_id)
        victim = scene.start(f"random-{n}")
        time.sleep(rng.uniform(0.2, 2.2))
        victim.kill()
        victim.communicate()
        _ends_well(scene, f"random-{n}")

        assert len(scene.sandbox.jobs.by_id) - jobs <= 1


def test_two_processes_with_one_key_at_the_same_moment_make_one_job(scene: Scene) -> None:
    both = [scene.start("same"), scene.start("same")]
    reports = [json.loads(process.communicate(timeout=60)[0])["report"] for process in both]

    assert len(scene.sandbox.jobs.by_id) == 1
    assert scene.posts == 1
    assert [report["job_ids"] for report in reports] == [list(scene.sandbox.jobs.by_id)] * 2
    assert {report["outcome"] for report in reports} == {"succeeded"}
