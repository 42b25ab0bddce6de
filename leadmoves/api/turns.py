"""One at a time, the urgent first: a lock whose waiters have a rank.

Looks are urgent and few (a tenth of the budget at most), so submits never starve behind them.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from heapq import heappop, heappush


class Turns:
    """A lock; among those who wait the urgent go first, each kind in the order of its coming."""

    def __init__(self) -> None:
        self._taken = False
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._came = 0

    @asynccontextmanager
    async def turn(self, *, urgent: bool) -> AsyncIterator[None]:
        """Hold the lock inside."""
        await self._wait(rank=0 if urgent else 1)
        try:
            yield
        finally:
            self._pass_on()

    async def _wait(self, rank: int) -> None:
        if not self._taken:
            self._taken = True
            return
        self._came += 1
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heappush(self._waiting, (rank, self._came, mine))
        try:
            await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():  # the turn was passed to us as we were cancelled
                self._pass_on()
            raise

    def _pass_on(self) -> None:
        while self._waiting:
            _, _, next_one = heappop(self._waiting)
            if not next_one.done():
                next_one.set_result(None)
                return
        self._taken = False
