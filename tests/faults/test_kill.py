"""A real process, killed with SIGKILL at every named point of the protocol and at random times, then started again.

Counted at a sandbox on a real socket: one job, and the second start sends nothing where a job is known.
LEAD_MOVES_RUNS says how often at each point; `make prove` does 50.
"""

import os
import random
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from sandbox import Fault
from tests.faults.processes import MOVE, Aftermath, Scene, said, scene_in

PROVE = bool(os.environ.get("LEAD_MOVES_PROVE"))
TIMES = int(os.environ.get("LEAD_MOVES_RUNS") or (50 if PROVE else 1))
SEED = int(os.environ.get("LEAD_MOVES_SEED") or 20_261_123)
SIDE_BY_SIDE = 4  # a restarted process mostly waits, for the lease and for the settle time

LOST = Fault(kind="lose-answer", path=MOVE)
# Where it dies, and what the API does to its POST so that it gets there.
POINTS: Mapping[str, Fault | None] = {
    "begun": None,
    "intended": None,
    "baseline": None,
    "sending": None,
    "answered": None,
    "accepted": None,
    "ambiguous": LOST,
    "looked": LOST,
    "adopted": LOST,
    "absent": Fault(kind="lose-request", path=MOVE),
    "throttled": Fault(kind="status", status=429, path=MOVE, effect=False),
    "busy": Fault(kind="status", status=409, path=MOVE, effect=False),
    "waited": None,
    "concluded": None,
    "told": None,
}
# From these on the API has taken it: a restart finds the job, and sends nothing.
TAKEN = ("answered", "accepted", "ambiguous", "looked", "adopted", "waited", "concluded", "told")
# From these on the job is known: so many GETs are left. Once the report is written, a restart asks nothing at all.
KNOWN = {"accepted": 2, "adopted": 2, "waited": 2, "concluded": 0, "told": 0}

Sweep = Callable[[str], list[Aftermath]]


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    """All points, some side by side: what became of each, as often as it was tried."""
    folders = {point: tmp_path_factory.mktemp(point) for point in POINTS}  # not safe in threads

    def tried(point: str) -> list[Aftermath]:
        with scene_in(folders[point], TIMES) as scene:
            return [scene.kill_and_finish(f"{point} {n}", point, POINTS[point]) for n in range(TIMES)]

    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        tries = {point: pool.submit(tried, point) for point in POINTS}
    return lambda point: tries[point].result()


@pytest.mark.parametrize("point", POINTS)
def test_killed_at_any_point_it_is_finished_once(sweep: Sweep, point: str) -> None:
    for after in sweep(point):
        assert after.report["outcome"] == "succeeded"
        assert tuple(after.report["job_ids"]) == after.jobs
        assert len(after.jobs) == 1


@pytest.mark.parametrize("point", TAKEN)
def test_killed_when_the_api_had_taken_it_a_restart_sends_nothing(sweep: Sweep, point: str) -> None:
    assert [after.posts for after in sweep(point)] == [0] * TIMES


@pytest.mark.parametrize("point", KNOWN)
def test_killed_when_its_job_was_known_a_restart_hardly_asks(sweep: Sweep, point: str) -> None:
    assert max(after.gets for after in sweep(point)) <= KNOWN[point]


def test_killed_at_random_times_it_is_finished_once(scene: Scene) -> None:
    rng = random.Random(SEED)
    print(f"seed {SEED}")
    for n in range(max(TIMES, 3)):
        known = scene.jobs
        victim = scene.start(f"random {n}")
        time.sleep(rng.uniform(0.2, 2.2))
        victim.kill()
        victim.communicate()

        after = scene.finish(f"random {n}", known)

        assert after.report["outcome"] == "succeeded"
        assert len(after.jobs) <= 1
        assert set(after.jobs) <= set(after.report["job_ids"])


def test_two_processes_with_one_key_at_the_same_moment_make_one_job(scene: Scene) -> None:
    reports = [said(process) for process in [scene.start("same"), scene.start("same")]]

    assert len(scene.jobs) == scene.requests("POST") == 1
    assert [report["job_ids"] for report in reports] == [list(scene.jobs)] * 2
    assert {report["outcome"] for report in reports} == {"succeeded"}
