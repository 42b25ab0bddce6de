"""Undo a move: what its job moved goes back to where it came from, once."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run

from flows.cancelled import send_no_more
from flows.desk import open_desk
from flows.finish import finish
from flows.move_plan import carry_out_all
from flows.occasion import Text
from flows.refused import refusing, say_what_was_wrong
from leadmoves.begin import begin
from leadmoves.course import Course
from leadmoves.errors import InvalidInput, Problem
from leadmoves.outcome.report import Report
from leadmoves.undo import way_back


@flow(
    name="undo-move",
    flow_run_name="undo {key}",
    persist_result=True,
    on_crashed=[say_what_was_wrong],
    on_cancellation=[send_no_more],
)
@refusing
async def undo_move(key: str, credentials: Text = None) -> State[Any]:
    """Move the leads of a finished move back; a second run of the same undo sends nothing.

    Args:
        key: The key of the move, as its report and `lead-moves status` show it.
        credentials: Name of an Instantly Credentials block; by default the worker's INSTANTLY_API_KEY.

    """
    async with open_desk(credentials, moves=1) as desk:
        row = await desk.workspace.ledger.row(key)
        if row is None:
            raise InvalidInput(Problem("key", f"the ledger has no move {key}"))
        plan = await way_back(desk.workspace.api, row)
        rows = await begin(desk.workspace.ledger, plan, occasion := f"undo {key}", flow_run.id)
        reports = await carry_out_all(desk, [Course(desk.workspace, back) for back in rows])
        return await finish(desk, Report(occasion=occasion, moves=tuple(reports)))
