"""The request budget as the client meets it: one at a time, the urgent first, as fast as every window allows.

    in line ─► a free connection ─► a place in the budget ─► `before` ─► late? say so ─► send

After a 429 everybody stops for as long as the API asked, then goes at half the rate for a while (see `budget`).
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Protocol, TypeVar

from leadmoves.api.budget import LONGEST_PAUSE, Book, Remembered, windows
from leadmoves.api.budget_file import Filed
from leadmoves.api.budget_postgres import Tabled
from leadmoves.api.turns import Turns
from leadmoves.clock import Clock

T = TypeVar("T")

# How long to stop after a 429 that names no wait (seconds).
PAUSE = 2.0
# A request that leaves so much later than its place (seconds) would meet the next ones: the budget hears of it.
# Writing «sending» takes 8 ms; a busy machine or disk takes longer.
LATE = 0.02
# Requests on their way at once: 80 a second that take 0.8 s each. More would only queue at the pace.
CONNECTIONS = 64


class Pace(Protocol):
    """What the API client asks before each attempt, retries included."""

    def turn(
        self, before: Callable[[], Awaitable[T]] | None = None, *, urgent: bool = False
    ) -> AbstractAsyncContextManager[T | None]:
        """Wait until one request may be sent, then do `before`; nobody else is let pass meanwhile.

        `urgent` goes before what is not: a look must not queue behind a thousand submits.
        """
        ...

    async def throttled(self, wait: float | None) -> None:
        """A 429 came; `wait` is its ``Retry-After`` in seconds, if any."""
        ...


class SharedPace:
    """A pace over a book of grants; within a process the urgent first, then first come, first served."""

    def __init__(self, book: Book, clock: Clock, connections: int = CONNECTIONS) -> None:
        self._book = book
        self._clock = clock
        self._turns = Turns()
        # Taken before the place: what was granted and then queued for a connection would leave in a burst.
        self._connections = asyncio.Semaphore(connections)

    @asynccontextmanager
    async def turn(
        self, before: Callable[[], Awaitable[T]] | None = None, *, urgent: bool = False
    ) -> AsyncIterator[T | None]:
        async with self._turns.turn(urgent=urgent):
            await self._connections.acquire()
            try:
                due = await self._granted()
                said = await before() if before else None
                if (late := self._clock.monotonic() - due) > LATE:
                    await self._book.late(late)
            except BaseException:
                self._connections.release()
                raise
        try:
            yield said
        finally:
            self._connections.release()

    async def throttled(self, wait: float | None) -> None:
        await self._book.pause(min(PAUSE if wait is None else wait, LONGEST_PAUSE))

    def close(self) -> None:
        self._book.close()

    async def _granted(self) -> float:
        """Wait for a place in the budget, and say when it came; a pause that began meanwhile takes it away."""
        while (wait := await self._book.reserve()) > 0:
            due = self._clock.monotonic() + wait
            await self._clock.sleep(wait)
            if await self._book.paused() <= 0:
                return due
        return self._clock.monotonic()


def pace_alone(per_second: int, per_minute: int, clock: Clock) -> SharedPace:
    """A budget for one process."""
    return SharedPace(Remembered(windows(per_second, per_minute), clock), clock)


def pace_by_file(path: Path, per_second: int, per_minute: int, clock: Clock) -> SharedPace:
    """A budget shared by every process on this machine that names the same file.

    Raises:
        LedgerError: the file cannot be used; nothing was sent.

    """
    return SharedPace(Filed(path, windows(per_second, per_minute), clock), clock)


def pace_by_database(url: str, name: str, per_second: int, per_minute: int, clock: Clock) -> SharedPace:
    """A budget shared by every process, on whatever machine, that names the same PostgreSQL database and budget.

    Where the database is away for longer than some seconds, a turn raises `LedgerError`; nothing was sent.
    """
    return SharedPace(Tabled(url, name, windows(per_second, per_minute), clock), clock)
