"""Move leads: submit once, wait for the job, branch on the outcome.

On success a sample is read back and sending accounts are warmed up; anything else is told to people.
"""

from dataclasses import replace
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run

from flows.cancelled import send_no_more
from flows.desk import Desk, open_desk, run_link
from flows.finish import finish
from flows.occasion import Text, occasion_of_run
from flows.refused import refusing, say_what_was_wrong
from flows.shown import tag_run
from flows.size import warn_of_size
from leadmoves.begin import begin
from leadmoves.course import Course
from leadmoves.errors import InvalidInput, LeaseLost
from leadmoves.jobs import Outcome
from leadmoves.outcome.report import MoveReport, Report
from leadmoves.outcome.telling import message, subject
from leadmoves.plan import Move, Plan, check_plan
from tasks.notify import check_blocks, notify
from tasks.verify import verify_move
from tasks.warmup import warm_up_after


def name_of_run() -> str:
    """What the UI calls a run: the name of its move."""
    move = as_given(flow_run.parameters.get("move"))
    return str(move.get("name") or "move") if isinstance(move, dict) else "move"


@flow(
    name="move-leads",
    flow_run_name=name_of_run,
    validate_parameters=False,
    persist_result=True,
    on_crashed=[say_what_was_wrong],
    on_cancellation=[send_no_more],
)
@refusing
async def move_leads(move: Move, occasion: Text = None, credentials: Text = None) -> State[Any]:
    """Move leads from a list or campaign to another, once, and tell how it ended.

    Args:
        move: Which leads go where, how long to wait, and what follows.
        occasion: A word or the time of a scheduled run: the same move on the same occasion is never sent twice.
            By default each run is an occasion of its own, and a scheduled run's is its scheduled time.
        credentials: Name of an Instantly Credentials block; by default the worker's INSTANTLY_API_KEY.

    """
    warn_of_size(given := as_given(move))
    plan = _plan_of(given)
    await check_blocks([name for one in plan.moves for name in one.notify])
    occasion = occasion_of_run(occasion)
    async with open_desk(credentials, moves=len(plan.moves)) as desk:
        rows = await begin(desk.workspace.ledger, plan, occasion, flow_run.id)
        await tag_run(rows)
        reports = [await carry_out(desk, Course(desk.workspace, row)) for row in rows]
        return await finish(desk, Report(occasion=occasion, moves=tuple(reports)))


def _plan_of(move: Any) -> Plan:
    """A plan of this one move; what is wrong with it is told by the names of the run form."""
    try:
        return check_plan({"moves": [move]})
    except InvalidInput as error:
        named = (replace(each, field=each.field.replace("moves[0]", "move", 1)) for each in error.problems)
        raise InvalidInput(*named) from None


async def carry_out(desk: Desk, course: Course) -> MoveReport:
    """Submit once, wait, branch. A move that is over is told from the ledger, without any request."""
    try:
        report = course.finished or await _carry_out(desk, course)
    except LeaseLost as error:  # we were suspended for longer than the lease: somebody else finishes it
        report = MoveReport(
            name=course.row.name, key=course.row.key, outcome=Outcome.STILL_RUNNING, reason=str(error)
        )
    desk.told(report, course.row)
    return report


async def _carry_out(desk: Desk, course: Course) -> MoveReport:
    await desk.submit(course)
    if finished := course.finished:  # by another process, while we waited for it
        return finished
    ending = await course.ending()
    report = course.report(ending)
    match ending.outcome:
        case Outcome.SUCCEEDED:
            report = await _follow_up(course, report)
        case _:
            report = await _tell_people(course, report)
    return await course.conclude(report)


async def _follow_up(course: Course, report: MoveReport) -> MoveReport:
    """After a success: read a sample back, warm up; people hear of accounts that do not warm up."""
    verified = await verify_move(course) if course.verified else None
    warmup = await warm_up_after(course) if course.move.on_success else None
    report = report.followed_by(verified, warmup)
    return report if report.good else await _tell_people(course, report)


async def _tell_people(course: Course, report: MoveReport) -> MoveReport:
    """Through the notification blocks that the move names."""
    if not course.move.notify:
        return report
    text = message(report, course.row, run_link())
    return report.model_copy(update={"notified": await notify(course.move.notify, subject(report), text)})


def as_given(model: Any) -> Any:
    """A parameter as the form or the API gives it, whether or not Prefect has parsed it already."""
    given = hasattr(model, "model_dump")
    return model.model_dump(mode="json", by_alias=True, exclude_none=True) if given else model
