"""The life of a job is a function of the time at which somebody looks."""

from typing import TYPE_CHECKING

import pytest

from sandbox import Sandbox, Settings, Workspace
from sandbox.jobs import Life, Script, look

from .conftest import scene_of

if TYPE_CHECKING:
    from sandbox.app import Seconds

    from .conftest import Clock, Scene


def life(outcome: str = "success", progress: str = "honest") -> Life:
    return Life(
        created=100.0, begun=101.0, work=10.0, script=Script(outcome=outcome, held_seconds=4), progress=progress
    )


def test_an_honest_job_is_pending_then_in_progress_then_ended_at_its_true_time() -> None:
    shown = [(look(life(), at).status, look(life(), at).progress) for at in (100, 101, 103.5, 110.9, 111, 999)]

    assert shown == [
        ("pending", 0),
        ("in-progress", 0),
        ("in-progress", 25),
        ("in-progress", 99),
        ("success", 100),
        ("success", 100),
    ]
    assert look(life(), 999).updated == 111


def test_updated_moves_exactly_when_progress_moves() -> None:
    looks = [look(life(), 101 + step / 20) for step in range(220)]

    changes = {(seen.progress, seen.updated) for seen in looks}
    assert len({progress for progress, _ in changes}) == len({updated for _, updated in changes}) == len(changes)


@pytest.mark.parametrize("outcome", ["failed", "cancelled"])
def test_a_job_can_end_without_success(outcome: str) -> None:
    assert look(life(outcome), 111).status == outcome


def test_a_stalled_job_never_moves_again() -> None:
    assert look(life("stalled"), 107) == look(life("stalled"), 1_000_000)
    assert look(life("stalled"), 107).status == "in-progress"
    assert look(life("stalled"), 107).progress == 50


@pytest.mark.parametrize("held", ["paused", "draining", "never-heard-of"])
def test_a_held_job_shows_that_status_for_its_time_then_succeeds(held: str) -> None:
    statuses = [look(life(held), at).status for at in (105.9, 106, 109.9, 110, 114.9, 115)]

    assert statuses == ["in-progress", held, held, "in-progress", "in-progress", "success"]


@pytest.mark.parametrize(("progress", "shown"), [("none", 0), ("jumps", 5), ("lies", 90), ("honest", 40)])
def test_progress_can_be_honest_or_not(progress: str, shown: int) -> None:
    assert look(life(progress=progress), 105.05).progress == shown


@pytest.mark.parametrize("progress", ["none", "jumps", "lies", "honest"])
def test_progress_never_falls_nor_says_100_before_the_end(progress: str) -> None:
    seen = [look(life(progress=progress), 101 + step / 10).progress for step in range(100)]

    assert seen == sorted(seen)
    assert max(seen) < 100


async def test_a_failed_move_moves_nothing_and_says_why(scene: "Scene") -> None:
    source, destination = scene.small()
    scene.script(outcome="failed")

    data = await scene.moved(source, destination)

    assert data["moved_leads"] == 0
    assert data["error"]
    assert scene.sandbox.workspace.size(source.id) == 10


async def test_a_cancelled_move_may_have_moved_a_share(scene: "Scene") -> None:
    source, destination = scene.small()
    scene.script(outcome="cancelled", share=0.5)

    assert (await scene.moved(source, destination))["moved_leads"] == 5


async def test_a_move_can_succeed_and_move_nothing(scene: "Scene") -> None:
    source, destination = scene.small()
    scene.script(outcome="moves-nothing")

    assert (await scene.moved(source, destination))["moved_leads"] == 0
    assert (await scene.rows())[0]["status"] == "success"


async def test_a_scripted_duration_is_the_time_from_created_to_updated(scene: "Scene") -> None:
    source, destination = scene.small()
    scene.script(duration=40)
    job_id = (await scene.move(source, destination)).json()["id"]
    scene.clock.time += 39.9
    assert (await scene.job(job_id))["status"] == "in-progress"

    scene.clock.time += 500
    (row,) = scene.sandbox.stats_now()["jobs"]

    assert row["ended_at"] - row["created_at"] == pytest.approx(40)


@pytest.mark.parametrize(("seconds", "took"), [(7.0, 7.0), (lambda leads: leads * 2.0, 20.0), (None, 0.26)])
async def test_a_sandbox_can_be_told_how_long_its_moves_take(
    clock: "Clock", seconds: "Seconds", took: float
) -> None:
    settings = Settings(seconds_per_job=seconds, progress="none", latency=0.1)
    scene = scene_of(Sandbox(Workspace(), settings, clock.now, clock.sleep), clock)
    began = clock.time
    job_id = (await scene.move(*scene.small(10))).json()["id"]
    clock.time = began + 0.1 + took - 0.15

    before, after = await scene.job(job_id), await scene.job(job_id)
    await scene.client.aclose()

    assert (before["status"], before["progress"], after["status"]) == ("in-progress", 0, "success")
