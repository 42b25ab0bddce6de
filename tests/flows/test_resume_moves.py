"""The flow `resume_moves`: what a run left behind is finished from the ledger, and never sent twice."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import pytest

from flows.move_leads import move_leads
from flows.resume_moves import resume_moves
from leadmoves.begin import begin
from leadmoves.clock import SystemClock
from leadmoves.ledger import Ledger
from leadmoves.plan import check_plan
from leadmoves.settings import read_settings

if TYPE_CHECKING:
    from .conftest import Ran, Scene

    Run = Callable[..., Awaitable[Ran]]

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # see test_move_leads


async def test_a_job_that_outlived_its_run_is_finished_without_a_post(scene: "Scene", run: "Run") -> None:
    scene.script(duration=2)
    left = await run(move_leads, move=scene.move(deadline="PT1S"), occasion="today")

    ran = await run(resume_moves)

    assert left.move.outcome == "still-running"
    assert (ran.move.key, ran.move.outcome, ran.move.moved_leads) == (left.move.key, "succeeded", 10)
    assert (scene.posts, ran.move.requests["submit"]) == (1, 0)


async def test_a_move_that_was_written_down_and_not_sent_is_sent_once(scene: "Scene", run: "Run") -> None:
    ledger = await Ledger.open(read_settings().ledger_url, SystemClock())
    [row] = await begin(ledger, check_plan({"moves": [scene.move()]}), "today")
    await ledger.let_go()
    await ledger.close()

    ran = await run(resume_moves, key=row.key)
    nothing = await resume_moves(return_state=True)

    assert (ran.move.outcome, scene.posts) == ("succeeded", 1)
    assert nothing.message == "nothing to resume"


async def test_a_move_that_a_living_run_works_on_is_left_to_it(scene: "Scene", run: "Run") -> None:
    scene.script(duration=1)
    alive = asyncio.create_task(run(move_leads, move=scene.move()))
    while not scene.posts:
        await asyncio.sleep(0.01)  # another thread's socket: there is no event to wait for

    resumed = await resume_moves(return_state=True)

    assert resumed.message == "nothing to resume"
    assert (await alive).move.outcome == "succeeded"
    assert scene.posts == 1
