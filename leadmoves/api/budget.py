"""When the next request may leave: the arithmetic of the budget, and its book of grants in memory.

    place = max(now, end of the pause, gₙ + W for each window of n requests in W seconds)    gₙ: n-th newest grant

A place is written down before it is waited for, in one step, so nobody polls, nobody is overtaken, and every
window holds wherever it begins. For `RECOVERY` seconds after a pause the windows count half.
"""

import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from leadmoves.clock import Clock

# A window is asked for so much longer than the limit's own (seconds): requests bunch on their way to the server.
# What left 1.08 s apart arrives 1.00 s apart where the first one had to open its connection.
BUNCHING = 0.08
# After a 429: how long at half the rate (seconds).
RECOVERY = 20.0
# A pause longer than this is not obeyed to the letter (seconds): a broken header must not stop us for a day.
LONGEST_PAUSE = 120.0
# Each process waits for one place at a time. What lies further ahead than so many windows, somebody wrote
# before the clock was set back.
AHEAD = 20

Newest = Callable[[int], float | None]
"""The n-th newest grant; None where there are fewer."""


@dataclass(frozen=True)
class Window:
    """At most so many requests in so many seconds."""

    limit: int
    seconds: float

    @property
    def halved(self) -> "Window":
        return Window(self.limit // 2, self.seconds) if self.limit > 1 else Window(1, 2 * self.seconds)


def windows(per_second: int, per_minute: int) -> tuple[Window, ...]:
    """The windows that can bind, each a little longer than the limit's own.

    A second's budget is also spread over its tenths: a burst that is held up on its way would meet the next one.
    """
    second, minute = Window(per_second, 1 + BUNCHING), Window(per_minute, 60 + BUNCHING)
    if per_minute <= per_second:
        return (minute,)
    share = max(0.1, 2 / per_second)  # at least two requests
    spread = (Window(math.ceil(per_second * share), share * second.seconds),) if share < 1 else ()
    return (*spread, second) if per_minute >= 60 * per_second else (*spread, second, minute)


def place(now: float, until: float, newest: Newest, limits: Sequence[Window]) -> float:
    """The earliest time for one more request. `until`: the end of the latest pause."""
    at = max(now, until, *(_free(window, newest) for window in limits))
    calm = until + RECOVERY
    if at >= calm:
        return at
    return min(max(at, *(_free(window.halved, newest) for window in limits)), calm)


def _free(window: Window, newest: Newest) -> float:
    """When a window has room again."""
    grant = newest(window.limit)
    return -math.inf if grant is None else grant + window.seconds


def horizon(limits: Sequence[Window]) -> float:
    """Seconds ahead of which no honest grant lies."""
    return LONGEST_PAUSE + RECOVERY + AHEAD * reach(limits)


def reach(limits: Sequence[Window]) -> float:
    """Seconds for which a grant counts, at half the rate too."""
    return 2 * max(window.seconds for window in limits)


class Book(Protocol):
    """The grants and the latest pause, known to all who share the budget."""

    async def reserve(self) -> float:
        """Write the next place down; seconds until it comes."""
        ...

    async def late(self, seconds: float) -> None:
        """The request of our latest place leaves so much later: its windows count from then."""
        ...

    async def paused(self) -> float:
        """Seconds for which everybody has to stop; 0 or less: none."""
        ...

    async def pause(self, seconds: float) -> None:
        """Let everybody stop for so long from now."""
        ...

    def close(self) -> None: ...


class Remembered:
    """A book for one process."""

    def __init__(self, limits: Sequence[Window], clock: Clock) -> None:
        self._limits = limits
        self._clock = clock
        self._grants: deque[float] = deque(maxlen=max(window.limit for window in limits))
        self._until = -math.inf

    async def reserve(self) -> float:
        now = self._clock.monotonic()
        at = place(now, self._until, self._newest, self._limits)
        self._grants.append(at)
        return at - now

    async def late(self, seconds: float) -> None:
        self._grants[-1] += seconds

    async def paused(self) -> float:
        return self._until - self._clock.monotonic()

    async def pause(self, seconds: float) -> None:
        self._until = max(self._until, self._clock.monotonic() + seconds)

    def close(self) -> None:
        """Nothing is open."""

    def _newest(self, n: int) -> float | None:
        return self._grants[-n] if n <= len(self._grants) else None
