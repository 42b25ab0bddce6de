"""Finish what a dead run left behind: every move of the ledger that nobody was told the end of."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed

from flows.cancelled import send_no_more
from flows.desk import open_desk
from flows.finish import finish
from flows.move_plan import carry_out_all
from flows.occasion import Text
from flows.refused import refusing, say_what_was_wrong
from leadmoves.course import Course
from leadmoves.ledger import Ledger, Row
from leadmoves.ledger import State as RowState
from leadmoves.outcome.report import Report, report_of_row


@flow(
    name="resume-moves",
    persist_result=True,
    on_crashed=[say_what_was_wrong],
    on_cancellation=[send_no_more],
)
@refusing
async def resume_moves(key: Text = None, credentials: Text = None) -> State[Any]:
    """Take up moves whose run died, or whose job still ran when their run stopped waiting.

    A move that another living run works on is left to it. One that is in doubt stays so: a person decides.

    Args:
        key: Only this move; by default all that are unfinished.
        credentials: Name of an Instantly Credentials block; by default the worker's INSTANTLY_API_KEY.

    """
    async with open_desk(credentials, moves=0) as desk:
        ledger = desk.workspace.ledger
        rows = await _unfinished(ledger, key)
        doubtful = [row for row in rows if row.state is RowState.IN_DOUBT]
        ours = [row for row in rows if row not in doubtful and await ledger.take(row.key)]
        await ledger.carried_by([row.key for row in ours], str(flow_run.id))
        reports = await carry_out_all(desk, [Course(desk.workspace, row) for row in ours])
        report = Report(occasion="resume", moves=(*reports, *map(report_of_row, doubtful)))
        if not report.moves:
            return Completed(message="nothing to resume", data=report.model_dump(mode="json"))
        return await finish(desk, report)


async def _unfinished(ledger: Ledger, key: str | None) -> list[Row]:
    if key is None:
        return await ledger.unfinished()
    row = await ledger.row(key)
    return [row] if row else []
