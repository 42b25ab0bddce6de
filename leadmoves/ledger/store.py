"""The verbs of the ledger. Every write names its owner: who has lost the lease writes nothing."""

import os
import socket
import uuid
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Self

from sqlalchemy import and_, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from leadmoves.clock import Clock
from leadmoves.errors import LeaseLost
from leadmoves.jobs import Outcome
from leadmoves.ledger.database import Database
from leadmoves.ledger.intents import Intent
from leadmoves.ledger.rows import Row, State, row_of
from leadmoves.ledger.tables import holds, moves

# How many keys one statement may name: SQLite takes 32,766 variables, old builds 999.
BATCH = 500


class Ledger:
    """What one process knows and writes of all moves.

    Args:
        url: SQLAlchemy URL with an async driver.
        clock: wall time; machines that share a ledger must agree within a quarter of the lease.
        lease: seconds after which a silent owner counts as dead. Renew every quarter of it.

    """

    def __init__(self, url: str, clock: Clock, lease: float = 20.0, owner: str | None = None) -> None:
        self._database = Database(url)
        self._clock = clock
        self.lease = lease
        self.owner = owner or f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"

    @classmethod
    async def open(cls, url: str, clock: Clock, lease: float = 20.0, owner: str | None = None) -> Self:
        """Open and, on first use, create; `LedgerError` where that cannot be done."""
        ledger = cls(url, clock, lease, owner)
        await ledger._database.prepare()
        return ledger

    async def close(self) -> None:
        await self._database.dispose()

    # Reading.

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

    async def unfinished(self) -> list[Row]:
        """Moves (no warmups) that a run began and no person was told the outcome of, oldest first."""
        rows = await self._rows(and_(moves.c.parent.is_(None), moves.c.told_at.is_(None)))
        return rows[::-1]

    async def claimed(self, job_ids: Iterable[str]) -> set[str]:
        """Which of these jobs belong to some row."""
        async with self._database.reading() as connection:
            found = await connection.execute(select(moves.c.job_id).where(moves.c.job_id.in_(list(job_ids))))
            return {job_id for (job_id,) in found}

    # Intending and owning.

    async def intend(self, intents: Sequence[Intent]) -> dict[str, Row]:
        """Write what we mean to send, all in one transaction; rows that exist stay as they are.

        Returns:
            The row of every intent by key, ours or an earlier run's.

        """
        keys = [intent.key for intent in intents]
        async with self._database.writing() as connection:
            known = await self._known(connection, keys)
            fresh = [self._columns(intent) for intent in intents if intent.key not in known]
            if fresh:
                await connection.execute(insert(moves), fresh)
        return await self.rows(keys)

    async def take(self, key: str) -> bool:
        """Become the owner of a row, if nobody else alive is."""
        now = self._clock.now()
        free = or_(moves.c.owner == self.owner, moves.c.lease_until < now)
        async with self._database.writing() as connection:
            done = await connection.execute(
                update(moves).where(moves.c.key == key, free).values(owner=self.owner, lease_until=now + self.lease)
            )
        return bool(done.rowcount)

    async def renew(self) -> None:
        """Say that we live: every row and resource that we own stays ours for another lease."""
        until = self._clock.now() + self.lease
        async with self._database.writing() as connection:
            mine = and_(moves.c.owner == self.owner, moves.c.lease_until > 0)
            await connection.execute(update(moves).where(mine).values(lease_until=until))
            held = and_(holds.c.owner == self.owner, holds.c.until < until)
            await connection.execute(update(holds).where(held).values(until=until))

    async def let_go(self) -> None:
        """Give everything back that we own, on a clean way out."""
        async with self._database.writing() as connection:
            await connection.execute(update(moves).where(moves.c.owner == self.owner).values(lease_until=0))
            await connection.execute(delete(holds).where(holds.c.owner == self.owner))

    async def hold(self, row: Row) -> str | None:
        """Hold the row's resources, all or none; else the key of the move that holds one.

        A move whose fate is unknown keeps its resources until its doubt must be over, so that nobody else's
        job is taken for its own.
        """
        if not row.resources:
            return None
        now = self._clock.now()
        mine = [
            {"resource": r, "key": row.key, "owner": self.owner, "until": now + self.lease} for r in row.resources
        ]
        async with self._database.writing() as connection:
            wanted = holds.c.resource.in_(row.resources)
            others = select(holds.c.key).where(wanted, holds.c.key != row.key, holds.c.until > now)
            if holder := (await connection.execute(others)).scalar():
                return str(holder)
            await connection.execute(delete(holds).where(wanted))
            with suppress(IntegrityError):  # PostgreSQL: somebody was faster; then the check below says so
                async with connection.begin_nested():
                    await connection.execute(insert(holds), mine)
            holder = (await connection.execute(select(holds.c.key).where(wanted, holds.c.key != row.key))).scalar()
        return str(holder) if holder else None

    async def release(self, key: str) -> None:
        async with self._database.writing() as connection:
            await connection.execute(delete(holds).where(holds.c.key == key, holds.c.owner == self.owner))

    # Writing the story of a row that we own.

    async def write(self, key: str, **values: Any) -> Row:
        """Write columns of a row that we own; `LeaseLost` where it is ours no more."""
        now = self._clock.now()
        ours = and_(moves.c.key == key, moves.c.owner == self.owner, moves.c.lease_until > now)
        async with self._database.writing() as connection:
            done = await connection.execute(update(moves).where(ours).values(updated_at=now, **values))
            if not done.rowcount:
                raise LeaseLost(f"move {key} was taken over by another process, or our lease ran out")
            found = (await connection.execute(select(moves).where(moves.c.key == key))).mappings().one()
        return row_of(dict(found))

    async def sending(self, row: Row, doubt: float) -> Row:
        """The last write before the first byte; its resources stay held for `doubt` seconds whatever happens."""
        now = self._clock.now()
        async with self._database.writing() as connection:
            mine = and_(holds.c.key == row.key, holds.c.owner == self.owner)
            await connection.execute(update(holds).where(mine).values(until=now + doubt))
        return await self.write(row.key, state=State.SENDING, posts=row.posts + 1, sent_at=now)

    async def end(self, key: str, outcome: Outcome, reason: str | None, report: Mapping[str, Any]) -> Row:
        """Write the outcome. One that a later look may change leaves the row open."""
        state = {} if outcome.open else {"state": State.ENDED, "ended_at": self._clock.now()}
        return await self.write(key, outcome=outcome, reason=reason, report=dict(report), **state)

    async def told(self, keys: Sequence[str]) -> None:
        """A person was shown these outcomes; what is still open stays unfinished."""
        now = self._clock.now()
        async with self._database.writing() as connection:
            for start in range(0, len(keys), BATCH):
                these = moves.c.key.in_(keys[start : start + BATCH])
                await connection.execute(
                    update(moves).where(these, moves.c.state == State.ENDED).values(told_at=now)
                )

    async def forget(self, before: float) -> int:
        """Delete finished moves that ended before a time; returns how many."""
        old = and_(moves.c.state == State.ENDED, moves.c.told_at.is_not(None), moves.c.ended_at < before)
        async with self._database.writing() as connection:
            done = await connection.execute(delete(moves).where(old))
        return int(done.rowcount)

    async def _rows(self, where: Any, limit: int | None = None) -> list[Row]:
        query = select(moves).where(where).order_by(moves.c.created_at.desc(), moves.c.key).limit(limit)
        async with self._database.reading() as connection:
            return [row_of(dict(found)) for found in (await connection.execute(query)).mappings()]

    async def _known(self, connection: AsyncConnection, keys: Sequence[str]) -> set[str]:
        known: set[str] = set()
        for start in range(0, len(keys), BATCH):
            query = select(moves.c.key).where(moves.c.key.in_(keys[start : start + BATCH]))
            known |= {key for (key,) in await connection.execute(query)}
        return known

    def _columns(self, intent: Intent) -> dict[str, Any]:
        now = self._clock.now()
        return {
            "key": intent.key,
            "kind": intent.kind,
            "name": intent.name,
            "occasion": intent.occasion,
            "fingerprint": intent.fingerprint,
            "body": dict(intent.body),
            "options": dict(intent.options),
            "source": intent.source,
            "resources": list(intent.resources),
            "parent": intent.parent,
            "flow_run": intent.flow_run,
            "state": State.INTENDED,
            "owner": self.owner,
            "lease_until": now + self.lease,
            "created_at": now,
            "updated_at": now,
        }
