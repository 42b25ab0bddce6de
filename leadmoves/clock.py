"""Now and sleep: real, or virtual in tests and benches.

Time is passed in as a `Clock`, so nothing has to patch `sleep`. `run_virtually` drives a coroutine on an
event loop whose time jumps to the next timer as soon as nothing is left to do: a day passes in milliseconds,
and everything on that loop (time-outs of other libraries included) agrees what time it is.
"""

import asyncio
import selectors
import time
from collections.abc import Coroutine
from typing import Any, Protocol, TypeVar

T = TypeVar("T")

# 2026-01-01T00:00:00Z: where virtual time begins, so that a virtual timestamp looks like one.
VIRTUAL_EPOCH = 1_767_225_600.0

# A virtual loop without a timer waits for other threads at most so long (real seconds), then says so.
DEADLOCK_AFTER = 30.0


class Clock(Protocol):
    """What the core asks of time."""

    def now(self) -> float:
        """Wall time, seconds since 1970 UTC. May jump; compare across processes only."""
        ...

    def monotonic(self) -> float:
        """Seconds that never run backwards; for durations within a process."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait so many seconds."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class LoopClock:
    """The running event loop's time; under `run_virtually` it is virtual.

    Args:
        skew: seconds by which this clock is wrong; two of them on one loop disagree like two machines.

    """

    def __init__(self, skew: float = 0.0) -> None:
        self.skew = skew

    def now(self) -> float:
        return VIRTUAL_EPOCH + self.skew + self.monotonic()

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class _JumpingSelector(selectors.DefaultSelector):
    """Instead of waiting for the next timer, moves time to it."""

    def __init__(self) -> None:
        super().__init__()
        self.time = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:  # no timer at all: only another thread can wake us
            return super().select(DEADLOCK_AFTER) or self._deadlock()
        self.time += max(timeout, 0)
        return []

    def _deadlock(self) -> list[tuple[selectors.SelectorKey, int]]:
        raise RuntimeError(f"virtual time stands still: no timer, nothing to do for {DEADLOCK_AFTER} s")


class _VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.time


def run_virtually(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end in virtual time, starting at 0 s.

    Work in other threads is not waited for while a timer is pending: keep I/O on the loop.
    """
    with asyncio.Runner(loop_factory=_VirtualLoop) as runner:
        return runner.run(main)
