"""Move a whole plan: what shares a list or campaign in order, everything else side by side."""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run

from flows.cancelled import send_no_more
from flows.desk import Desk, open_desk
from flows.finish import finish
from flows.move_leads import as_given, carry_out
from flows.occasion import Text, occasion_of_run
from flows.refused import refusing, say_what_was_wrong
from flows.shown import tag_run
from flows.size import warn_of_size
from leadmoves.begin import begin
from leadmoves.course import Course
from leadmoves.jobs import Outcome
from leadmoves.outcome.endings import Ending
from leadmoves.outcome.report import MoveReport, Report
from leadmoves.plan import Plan, check_plan, read_plan
from leadmoves.schedule import Claim, Order, Schedule
from tasks.notify import check_blocks

# Moves on their way at once: more would only wait for the request budget, and hold leases meanwhile.
SIDE_BY_SIDE = 1000
# Reading five leads back costs seven requests: in a big plan so many moves stand for all.
VERIFIED = 10


@flow(
    name="move-plan",
    validate_parameters=False,
    persist_result=True,
    on_crashed=[say_what_was_wrong],
    on_cancellation=[send_no_more],
)
@refusing
async def move_plan(
    plan: Plan | None = None,
    plan_file: Text = None,
    occasion: Text = None,
    credentials: Text = None,
) -> State[Any]:
    """Make all moves of a plan; one that fails stops no other unless the plan says so.

    Args:
        plan: The moves. Beyond some thousand of them use a plan file: Prefect takes 512 KiB of parameters.
        plan_file: Path of a plan file (YAML or JSON) on the worker, instead of the moves above.
        occasion: A word or the time of a scheduled run: the same move on the same occasion is never sent twice.
            By default each run is an occasion of its own, and a scheduled run's is its scheduled time.
        credentials: Name of an Instantly Credentials block; by default the worker's INSTANTLY_API_KEY.

    """
    warn_of_size(given := as_given(plan))
    checked = read_plan(plan_file) if plan_file else check_plan(given)
    await check_blocks([name for move in checked.moves for name in move.notify])
    occasion = occasion_of_run(occasion)
    async with open_desk(credentials, moves=len(checked.moves)) as desk:
        rows = await begin(desk.workspace.ledger, checked, occasion, flow_run.id)
        every = max(len(rows) // VERIFIED, 1)
        courses = [Course(desk.workspace, row, verified=n % every == 0) for n, row in enumerate(rows)]
        reports = await carry_out_all(desk, courses, stop_on_failure=checked.stop_on_failure)
        return await finish(desk, Report(occasion=occasion, moves=tuple(reports)))


async def carry_out_all(desk: Desk, courses: list[Course], *, stop_on_failure: bool = False) -> list[MoveReport]:
    """Carry many moves out, each as soon as nothing before it holds its source or destination."""
    await tag_run([course.row for course in courses])
    desk.workspace.submitter.expect([course.row for course in courses])
    schedule = Schedule(Order.of([_claim(course) for course in courses]), SIDE_BY_SIDE)
    reports: dict[int, MoveReport] = {}
    running: dict[asyncio.Task[MoveReport], int] = {}
    stopped = False
    async with _none_left(running):
        while not schedule.done:
            for index in schedule.take():
                carry = _leave_out(desk, courses[index]) if stopped else _start(desk, courses[index])
                running[asyncio.create_task(carry)] = index
            over, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in over:
                index = running.pop(task)
                reports[index] = task.result()
                schedule.ended(index)
                stopped = stopped or (stop_on_failure and reports[index].outcome is not Outcome.SUCCEEDED)
    return [reports[index] for index in range(len(courses))]


@asynccontextmanager
async def _none_left(running: Collection[asyncio.Task[MoveReport]]) -> AsyncIterator[None]:
    """However the block ends, by Ctrl-C say, no move goes on without it: the ledger has them all."""
    try:
        yield
    finally:
        left = list(running)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)


def _claim(course: Course) -> Claim:
    """Moves that only share a destination may change places, unless duplicates are checked there."""
    request = course.move.request
    keeps_place = bool(request.check_duplicates or request.check_duplicates_in_campaigns)
    return Claim(request.source, request.destination, keeps_place=keeps_place)


async def _start(desk: Desk, course: Course) -> MoveReport:
    course.start()
    return await carry_out(desk, course)


async def _leave_out(desk: Desk, course: Course) -> MoveReport:
    """The plan stops on failure: what has not begun is not sent."""
    if finished := course.finished:
        return finished
    why = "an earlier move of the plan did not succeed, and the plan stops on failure"
    report = await course.conclude(course.report(Ending(outcome=Outcome.NOT_SENT, reason=why)))
    desk.told(report, course.row)
    return report
