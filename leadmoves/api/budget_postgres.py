"""The book of grants in PostgreSQL, for workers on many machines: in the ledger's database, by its clock.

    lock ─► read the clock, the pause, the n-th newest grants ─► place ─► write, unlock        three round trips

Machines whose clocks disagree share it all the same: no clock but the database's is read.
"""

import asyncio
import math
import zlib
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

import asyncpg  # type: ignore[import-untyped]  # it has no stubs
from sqlalchemy import make_url

from leadmoves.api.budget import LONGEST_PAUSE, Window, place, reach
from leadmoves.clock import Clock
from leadmoves.errors import LedgerError

T = TypeVar("T")

LOCK = 1885430629  # the first of an advisory lock's two numbers («pace», as bytes); the other is the budget's
SCHEMA = """
CREATE UNLOGGED TABLE IF NOT EXISTS pace_grants (budget int NOT NULL, at float8 NOT NULL);
CREATE INDEX IF NOT EXISTS newest_pace_grants ON pace_grants (budget, at);
CREATE UNLOGGED TABLE IF NOT EXISTS pace_pauses (budget int PRIMARY KEY, until float8 NOT NULL);
"""
NOW = "extract(epoch FROM clock_timestamp())::float8"
STATE = f"""
SELECT {NOW},
       (SELECT until FROM pace_pauses WHERE budget = $1),
       ARRAY(SELECT (SELECT at FROM pace_grants WHERE budget = $1 ORDER BY at DESC LIMIT 1 OFFSET n - 1)
             FROM unnest($2::int[]) WITH ORDINALITY AS asked(n, nth) ORDER BY nth)
"""  # noqa: S608 - our own words
# What a connection says that is lost, or was lost in the middle of a statement.
BROKEN = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
# Seconds until we give up on a database that went away.
PATIENCE = 10.0
AGAIN = 0.2  # seconds between tries to reach it


class Tabled:
    """A book that every process with this database finds under the same name.

    Args:
        url: the ledger's, with any driver.
        name: of the budget; who gives the same shares it.

    """

    def __init__(self, url: str, name: str, limits: Sequence[Window], clock: Clock) -> None:
        parts = make_url(url).set(drivername="postgresql+asyncpg")
        self._arguments = parts.get_dialect()().create_connect_args(parts)[1]
        self._where = parts.render_as_string(hide_password=True)
        self._budget = zlib.crc32(name.encode()) & 0x7FFFFFFF  # two that meet are slower, never too fast
        self._limits = limits
        self._clock = clock
        self._asked = sorted({each.limit for window in limits for each in (window, window.halved)})
        self._one = asyncio.Lock()
        self._db: Any = None
        self._mine = 0.0  # our latest place

    async def reserve(self) -> float:
        return await self._patiently(self._reserve)

    async def late(self, seconds: float) -> None:
        await self._patiently(lambda: self._late(seconds))

    async def paused(self) -> float:
        return await self._patiently(self._paused)

    async def pause(self, seconds: float) -> None:
        await self._patiently(lambda: self._pause(seconds))

    def close(self) -> None:
        if self._db is not None:
            self._db.terminate()

    async def _reserve(self) -> float:
        await self._db.execute(f"BEGIN; SELECT pg_advisory_xact_lock({LOCK}, {self._budget})")
        now, until, grants = await self._db.fetchrow(STATE, self._budget, self._asked)
        newest = dict(zip(self._asked, grants, strict=True))
        at = place(now, _honest(until, now), newest.__getitem__, self._limits)
        old = now - reach(self._limits)
        await self._db.execute(
            f"INSERT INTO pace_grants VALUES ({self._budget}, {at!r}); "  # noqa: S608 - numbers of our own
            f"DELETE FROM pace_grants WHERE budget = {self._budget} AND at < {old!r}; COMMIT"
        )
        self._mine = at
        return float(at - now)

    async def _late(self, seconds: float) -> None:
        await self._db.execute(
            f"UPDATE pace_grants SET at = at + {seconds!r} "  # noqa: S608 - numbers of our own
            f"WHERE budget = {self._budget} AND at = {self._mine!r}"
        )

    async def _paused(self) -> float:
        now, until, _ = await self._db.fetchrow(STATE, self._budget, [])
        return _honest(until, now) - float(now)

    async def _pause(self, seconds: float) -> None:
        await self._db.execute(
            f"INSERT INTO pace_pauses VALUES ($1, {NOW} + $2) "  # noqa: S608 - our own words
            "ON CONFLICT (budget) DO UPDATE SET until = greatest(pace_pauses.until, excluded.until)",
            self._budget,
            seconds,
        )

    async def _patiently(self, step: Callable[[], Awaitable[T]]) -> T:
        """Take a step, on a new connection where the old one broke; a place written twice is only slower."""
        given_up = self._clock.monotonic() + PATIENCE
        while True:
            try:
                async with self._one:
                    await self._connect()
                    try:
                        return await step()
                    except BaseException:  # in the middle of a transaction, perhaps: this connection is spoilt
                        self._db.terminate()
                        raise
            except BROKEN as error:
                if self._clock.monotonic() > given_up or isinstance(error, asyncpg.InsufficientPrivilegeError):
                    raise LedgerError(
                        f"the request budget in {self._where} cannot be used ({error}); nothing was sent"
                    ) from error
            await self._clock.sleep(AGAIN)

    async def _connect(self) -> None:
        if self._db is not None and not self._db.is_closed():
            return
        self._db = await asyncpg.connect(**self._arguments, server_settings={"synchronous_commit": "off"})
        with suppress(asyncpg.UniqueViolationError):  # somebody else made it at the same moment
            await self._db.execute(SCHEMA)


def _honest(until: float | None, now: float) -> float:
    """The end of the latest pause; one beyond the longest was written before the clock was set back."""
    return until if until is not None and until <= now + LONGEST_PAUSE else -math.inf
