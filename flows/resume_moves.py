"""Finish what a dead run left behind: every move of the ledger that nobody was told the end of."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows.desk import open_desk
from flows.finish import finish
from flows.move_plan import carry_out_all
from leadmoves.course import Course
from leadmoves.ledger import Ledger, Row
from leadmoves.ledger import State as RowState
from leadmoves.report import Report


@flow(name="resume-moves", persist_result=True)
async def resume_moves(key: str | None = None, credentials: str | None = None) -> State[Any]:
    """Take up moves whose run died, or whose job still ran when their run stopped waiting.

    A move that another living run works on is left to it. One that is in doubt stays so: a person decides.

    Args:
        key: Only this move. Empty: all that are unfinished.
        credentials: Name of an Instantly Credentials block. Empty: the worker's INSTANTLY_API_KEY.

    """
    async with open_desk(credentials, moves=0) as desk:
        rows = [
            row for row in await _unfinished(desk.workspace.ledger, key) if await _ours(desk.workspace.ledger, row)
        ]
        if not rows:
            return Completed(message="nothing to resume", data=Report(occasion="resume").model_dump(mode="json"))
        reports = await carry_out_all(desk, [Course(desk.workspace, row) for row in rows])
        return await finish(desk, Report(occasion="resume", moves=tuple(reports)))


async def _unfinished(ledger: Ledger, key: str | None) -> list[Row]:
    if key is None:
        return await ledger.unfinished()
    row = await ledger.row(key)
    return [row] if row else []


async def _ours(ledger: Ledger, row: Row) -> bool:
    """Take a row over, unless its owner lives; one in doubt is nobody's to continue."""
    return row.state is not RowState.IN_DOUBT and await ledger.take(row.key)
