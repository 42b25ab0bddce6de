"""What the ledger is asked: one row, many, what is unfinished, which jobs are claimed."""

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, and_, select

from leadmoves.ledger.database import Database
from leadmoves.ledger.rows import Row, State, row_of
from leadmoves.ledger.tables import moves

# How many keys one statement may name: SQLite takes 32,766 variables, old builds 999.
BATCH = 500


class Readings:
    """Reads wait for nobody, and nobody waits for them."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def row(self, key: str) -> Row | None:
        return next(iter(await self._rows(moves.c.key == key)), None)

    async def rows(self, keys: Sequence[str]) -> dict[str, Row]:
        found: list[Row] = []
        for start in range(0, len(keys), BATCH):
            found += await self._rows(moves.c.key.in_(keys[start : start + BATCH]))
        return {row.key: row for row in found}

    async def children(self, key: str) -> list[Row]:
        """The warmups that a move asked for."""
        return await self._rows(moves.c.parent == key)

    async def newest(self, limit: int = 50) -> list[Row]:
        return await self._rows(moves.c.parent.is_(None), limit=limit)

    async def unsent(self, occasion: str | None, flow_run: str | None) -> list[Row]:
        """Moves and warmups of an occasion or a flow run of which, for certain, nothing was accepted yet."""
        whose = moves.c.flow_run == flow_run if flow_run else moves.c.occasion == occasion
        return await self._rows(and_(whose, moves.c.state == State.INTENDED))

    async def unfinished(self) -> list[Row]:
        """Moves (no warmups) that a run began and no person was told the outcome of, oldest first."""
        rows = await self._rows(and_(moves.c.parent.is_(None), moves.c.told_at.is_(None)))
        return rows[::-1]

    async def claimed(self, job_ids: Iterable[str]) -> set[str]:
        """Which of these jobs belong to some row."""
        async with self.database.reading() as connection:
            found = await connection.execute(select(moves.c.job_id).where(moves.c.job_id.in_(list(job_ids))))
            return {job_id for (job_id,) in found}

    async def _rows(self, where: ColumnElement[bool], limit: int | None = None) -> list[Row]:
        query = select(moves).where(where).order_by(moves.c.created_at.desc(), moves.c.key).limit(limit)
        async with self.database.reading() as connection:
            return [row_of(dict(found)) for found in (await connection.execute(query)).mappings()]
