"""The verbs of the ledger. Every write names its owner and the state it expects.

A row belongs to one owner at a time, for a lease that the owner renews. Whoever finds the lease run out takes the
row over; the former owner then writes nothing any more (`LeaseLost`), however late it wakes up.
"""

import os
import socket
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn, Self

from sqlalchemy import ColumnElement, and_, case, delete, exists, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from leadmoves.clock import Clock
from leadmoves.errors import LeaseLost, LedgerError
from leadmoves.jobs import Outcome
from leadmoves.ledger import holds
from leadmoves.ledger.baseline import Baseline
from leadmoves.ledger.database import BUSY, Connect, Database
from leadmoves.ledger.intents import Intent
from leadmoves.ledger.readings import BATCH, Readings
from leadmoves.ledger.rows import (
    NEVER_ACCEPTED,
    OPEN,
    REOPENED,
    SENDING,
    SETTLED,
    UNENDED,
    Row,
    State,
    columns_of,
    row_of,
)
from leadmoves.ledger.tables import moves


class Ledger(Readings):
    """What one process knows and writes of all moves.

    Args:
        url: SQLAlchemy URL with an async driver.
        clock: wall time; machines that share a ledger must agree within a quarter of the lease.
        lease: seconds after which a silent owner counts as dead. Renew every quarter of it.
        busy: seconds to wait for another process's transaction (SQLite).
        connect: makes the driver's connection in its own way, for tests in virtual time.

    """

    def __init__(  # noqa: PLR0913 - all by name
        self,
        url: str,
        clock: Clock,
        lease: float = 20.0,
        owner: str | None = None,
        *,
        busy: float = BUSY,
        connect: Connect | None = None,
    ) -> None:
        super().__init__(Database(url, busy, connect))
        self._clock = clock
        self.lease = lease
        self.owner = owner or f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"

    @classmethod
    async def open(cls, url: str, clock: Clock, lease: float = 20.0, **how: Any) -> Self:
        """Open and, on first use, create; `LedgerError` where that cannot be done."""
        ledger = cls(url, clock, lease, **how)
        try:
            await ledger.database.prepare()
        except BaseException:
            await ledger.close()
            raise
        return ledger

    async def close(self) -> None:
        await self.database.dispose()

    # Intending and owning.

    async def intend(self, intents: Sequence[Intent]) -> dict[str, Row]:
        """Write what we mean to send, all in one transaction; rows that exist stay as they are.

        Returns:
            The row of every intent by key, ours or an earlier run's.

        """
        wanted = {intent.key: intent for intent in intents}
        async with self.database.writing(alone=True) as connection:
            known = await self._known(connection, list(wanted))
            now = self._clock.now()
            fresh = [columns_of(i, self.owner, now, self.lease) for key, i in wanted.items() if key not in known]
            if fresh:
                await connection.execute(insert(moves), fresh)
        return await self.rows(list(wanted))

    async def take(self, key: str) -> Row | None:
        """Become the owner of a row, and read it, if nobody else alive is its owner."""
        return await self._change(key, self.free())

    def owns(self, row: Row) -> bool:
        """Whether a row just read is ours for certain, without asking: nobody takes it before half the lease."""
        return row.owner == self.owner and row.lease_until - self._clock.now() > self.lease / 2

    async def reopen(self, key: str) -> Row | None:
        """Open a row again that ended with nothing accepted, and whose end a person was told; ours from now on."""
        ended = and_(
            moves.c.state == State.ENDED, moves.c.outcome.in_(NEVER_ACCEPTED), moves.c.told_at.is_not(None)
        )
        # One of the lost POSTs stays on the bill: so the baseline is kept, and a late job is still known for ours.
        unsettled = case((moves.c.unsettled > 0, 1), else_=0)
        return await self._change(key, and_(self.free(), ended), unsettled=unsettled, **REOPENED)

    async def renew(self) -> None:
        """Say that we live: every row and resource that we own stays ours for another lease."""
        until = self._clock.now() + self.lease
        async with self.database.writing(alone=True) as connection:
            mine = and_(moves.c.owner == self.owner, moves.c.lease_until > 0)
            await connection.execute(update(moves).where(mine).values(lease_until=until))
            await holds.renew_all(connection, self.owner, until)

    async def let_go(self) -> None:
        """Give everything back that we own, on a clean way out; a move in doubt keeps its resources."""
        async with self.database.writing(alone=True) as connection:
            await connection.execute(update(moves).where(moves.c.owner == self.owner).values(lease_until=0))
            await holds.free(connection, self.owner)

    async def hold(self, row: Row) -> str | None:
        """Hold the row's resources, all or none; else the key of the move that holds one."""
        if not row.resources:
            return None
        now = self._clock.now()
        async with self.database.writing(alone=True) as connection:
            if holder := await holds.held_by_other(connection, row, now):
                return holder
            await holds.hold_all(connection, row, self.owner, now + self.lease)
        return None

    async def release(self, key: str) -> None:
        """Give the resources of a move back, unless it is in doubt what became of it."""
        async with self.database.writing() as connection:
            await holds.free(connection, self.owner, key)

    # Writing the story of a row that we own.

    async def write(self, key: str, *was: State, **values: Any) -> Row:
        """Write columns of a row that we own; `LeaseLost` where it is ours no more, or in none of these states."""
        row = await self._change(key, self._ours(was), **values)
        return row or await self._refuse(key)

    async def sending(self, row: Row, baseline: Baseline, doubt: float) -> Row | None:
        """The last write before the first byte; the lease begins anew with it.

        The resources stay held for `doubt` seconds, whatever becomes of us. None: they are no longer ours.
        """
        now = self._clock.now()
        held = holds.still_held(row, self.owner, now)
        story = SENDING | {"baseline": baseline.model_dump(mode="json"), "posts": moves.c.posts + 1, "sent_at": now}
        async with self.database.writing() as connection:
            marked = await self._update(connection, row.key, and_(self._ours((State.INTENDED,)), held), **story)
            if marked and row.resources:
                await holds.hold_until(connection, row.key, self.owner, now + max(doubt, self.lease))
        if marked is None:
            await self.write(row.key, State.INTENDED)  # LeaseLost, unless it is the hold that is gone
        return marked

    async def claim(
        self, key: str, job_id: str, *, was: Sequence[State] = OPEN, adopted: bool = False
    ) -> Row | None:
        """This job is the move's. None where another move has claimed it."""
        other = moves.alias()
        claimed = exists().where(other.c.job_id == job_id, other.c.key != key)
        async with self.database.writing(alone=True) as connection:
            free = and_(self._ours(was), ~claimed)
            row = await self._update(connection, key, free, job_id=job_id, adopted=adopted, **SETTLED)
        if row is None:
            await self.write(key, *was)  # LeaseLost, unless it is the job that is taken
        return row

    async def end(self, key: str, outcome: Outcome, reason: str | None, report: Mapping[str, Any]) -> Row:
        """Write the outcome, and give the resources back unless it is in doubt what became of the move.

        An outcome that a later look may change leaves the row open.

        `refused` and `not-sent` are no end for a move that may have been accepted.
        """
        story: dict[str, Any] = {"outcome": outcome, "reason": reason, "report": dict(report)}
        allowed = self._ours(UNENDED if outcome.open else ())
        if not outcome.open:
            story |= {"state": State.ENDED, "ended_at": self._clock.now()}
        if outcome in NEVER_ACCEPTED:
            never = and_(moves.c.state == State.ENDED, moves.c.outcome.in_(NEVER_ACCEPTED))
            allowed = and_(allowed, or_(moves.c.state == State.INTENDED, never))
        async with self.database.writing() as connection:
            row = await self._update(connection, key, allowed, **story)
            if row:
                await holds.free(connection, self.owner, key)
        return row or await self._refuse(key)

    async def stop(self, reports: Mapping[str, Mapping[str, Any]], reason: str) -> set[str]:
        """End moves that are not sent, and tell so; an owner that was about to send one finds it ended.

        Returns:
            The keys of those that were stopped; the others were sent meanwhile.

        """
        now = self._clock.now()
        story = {
            "state": State.ENDED,
            "outcome": Outcome.NOT_SENT,
            "reason": reason,
            "ended_at": now,
            "told_at": now,
        }
        stopped = set()
        async with self.database.writing(alone=True) as connection:
            for key, report in reports.items():
                unsent = moves.c.state == State.INTENDED
                if await self._update(connection, key, unsent, report=dict(report), lease_until=0.0, **story):
                    stopped.add(key)
        return stopped

    async def carried_by(self, keys: Sequence[str], flow_run: str) -> None:
        """Note which flow run carries these moves out from now on."""
        async with self.database.writing(alone=True) as connection:
            for start in range(0, len(keys), BATCH):
                these = and_(moves.c.key.in_(keys[start : start + BATCH]), moves.c.state != State.ENDED)
                await connection.execute(update(moves).where(these).values(flow_run=flow_run))

    async def told(self, keys: Sequence[str]) -> None:
        """A person was shown these outcomes; what is still open stays unfinished."""
        now = self._clock.now()
        async with self.database.writing(alone=True) as connection:
            for start in range(0, len(keys), BATCH):
                these = and_(moves.c.key.in_(keys[start : start + BATCH]), moves.c.state == State.ENDED)
                await connection.execute(update(moves).where(these).values(told_at=now))

    async def forget(self, before: float) -> int:
        """Delete finished moves that ended before a time; returns how many."""
        old = and_(moves.c.state == State.ENDED, moves.c.told_at.is_not(None), moves.c.ended_at < before)
        async with self.database.writing(alone=True) as connection:
            done = await connection.execute(delete(moves).where(old))
        return int(done.rowcount)

    # How it is said to the database.

    def free(self) -> ColumnElement[bool]:
        """A condition: the row is ours, or nobody's who is alive."""
        return or_(moves.c.owner == self.owner, moves.c.lease_until < self._clock.now())

    def _ours(self, was: Sequence[State]) -> ColumnElement[bool]:
        ours = moves.c.owner == self.owner
        return and_(ours, moves.c.state.in_(was)) if was else ours

    async def _change(self, key: str, condition: ColumnElement[bool], **values: Any) -> Row | None:
        async with self.database.writing() as connection:
            return await self._update(connection, key, condition, **values)

    async def _update(
        self, connection: AsyncConnection, key: str, condition: ColumnElement[bool], **values: Any
    ) -> Row | None:
        """Change a row and read it; it is ours for another lease. None where the condition does not hold."""
        now = self._clock.now()
        values = {"owner": self.owner, "lease_until": now + self.lease, "updated_at": now} | values
        change = update(moves).where(moves.c.key == key, condition).values(values).returning(moves)
        found = (await connection.execute(change)).mappings().first()
        return row_of(dict(found)) if found else None

    async def _refuse(self, key: str) -> NoReturn:
        row = await self.row(key)
        if row is None:
            raise LedgerError(f"the ledger knows no move {key}")
        if row.owner != self.owner:
            raise LeaseLost(f"move {key} was taken over by {row.owner}")
        raise LeaseLost(f"move {key} went on meanwhile: it is {row.state}")

    async def _known(self, connection: AsyncConnection, keys: Sequence[str]) -> set[str]:
        known: set[str] = set()
        for start in range(0, len(keys), BATCH):
            query = select(moves.c.key).where(moves.c.key.in_(keys[start : start + BATCH]))
            known |= {key for (key,) in await connection.execute(query)}
        return known
