"""The request budget: every window of the rate limit, over all workers that share a ledger.

«L in W seconds» must hold for every window at once, wherever it begins. pyrate-limiter's log of grants keeps
that exactly; one file (or one database) holds the log for all processes. After a 429 everybody stops for as
long as the API asked, then goes at half the rate for `RECOVERY` seconds.
"""

import math
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol, TypeVar

from pyrate_limiter import AbstractBucket, InMemoryBucket, Rate, RateItem, SQLiteBucket

from leadmoves.api.turns import Turns
from leadmoves.clock import Clock

T = TypeVar("T")

# A window is asked for 5 % wider than the limit's own: requests bunch on their way to the server, and what
# left 1.00 s apart may arrive 0.97 s apart. Costs a twentieth of the budget.
WIDER = 1.05
# After a 429: how long at half the rate, and how long to stop where the API names no wait (both seconds).
RECOVERY = 20.0
PAUSE = 2.0
# A pause longer than this is not obeyed to the letter (seconds): a broken header must not stop us for a day.
LONGEST_PAUSE = 120.0
# Grants older than every window are forgotten so often (seconds).
FORGET_EVERY = 5.0


class Pace(Protocol):
    """What the API client asks before each attempt, retries included."""

    async def acquire(self, before: Callable[[], Awaitable[T]] | None = None, *, urgent: bool = False) -> T | None:
        """Wait until one request may be sent, then do `before`; nobody else is let pass meanwhile.

        `urgent` goes before what is not: a look must not queue behind a thousand submits.
        """
        ...

    def throttled(self, wait: float | None) -> None:
        """A 429 came; `wait` is its ``Retry-After`` in seconds, if any."""
        ...


class Throttle(Protocol):
    """Until when nobody may send, known to all workers. Wall time, seconds since 1970."""

    def read(self) -> float: ...

    def write(self, until: float) -> None: ...


class SharedPace:
    """A budget over a pyrate-limiter bucket; within a process the urgent first, then first come, first served."""

    def __init__(self, bucket: AbstractBucket, throttle: Throttle, clock: Clock) -> None:
        self._bucket = bucket
        self._throttle = throttle
        self._clock = clock
        self._turns = Turns()
        self._forget_at = 0.0

    async def acquire(self, before: Callable[[], Awaitable[T]] | None = None, *, urgent: bool = False) -> T | None:
        async with self._turns.turn(urgent=urgent):
            while (wait := self._wait()) > 0:
                await self._clock.sleep(wait)
            return await before() if before else None

    def throttled(self, wait: float | None) -> None:
        pause = min(PAUSE if wait is None else wait, LONGEST_PAUSE)
        self._throttle.write(max(self._throttle.read(), self._clock.now() + pause))

    def close(self) -> None:
        self._bucket.close()

    def _wait(self) -> float:
        """Seconds until another try; 0 where the request was granted."""
        now = self._clock.now()
        until = self._throttle.read()
        if now < until:
            return until - now
        self._forget(now)
        weight = 2 if now < until + RECOVERY else 1  # half the rate: each request costs two
        stamp = round(now * 1000)
        decision = self._bucket.put_decision(RateItem("request", stamp, self._affordable(weight)))
        if decision.allowed:  # type: ignore[union-attr]  # both our buckets are synchronous
            return 0.0
        return max((decision.retry_after_ms or 1) / 1000, 0.001)  # type: ignore[union-attr]

    def _affordable(self, weight: int) -> int:
        return min(weight, *(rate.limit for rate in self._bucket.rates), weight)

    def _forget(self, now: float) -> None:
        if now >= self._forget_at:
            self._forget_at = now + FORGET_EVERY
            self._bucket.leak(round(now * 1000))


def rates(per_second: int, per_minute: int) -> list[Rate]:
    """The windows that can bind, each a little wider than the limit's own.

    A second's budget is also spread over its tenths: a burst that is held up on its way would meet the next one.
    """
    second = Rate(per_second, round(1000 * WIDER))
    minute = Rate(per_minute, round(60_000 * WIDER))
    if per_minute <= per_second:
        return [minute]
    share = max(0.1, 2 / per_second)  # at least two requests, so that half the rate can be had
    spread = [Rate(math.ceil(per_second * share), round(1000 * WIDER * share))] if share < 1 else []
    return [*spread, second] if per_minute >= 60 * per_second else [*spread, second, minute]


class _Remembered:
    """A throttle known to this process alone."""

    def __init__(self) -> None:
        self.until = 0.0

    def read(self) -> float:
        return self.until

    def write(self, until: float) -> None:
        self.until = until


class _Filed:
    """A throttle known to all processes that open the same file."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        with connection:
            connection.execute("CREATE TABLE IF NOT EXISTS throttle (id INTEGER PRIMARY KEY, until REAL)")

    def read(self) -> float:
        row = self._connection.execute("SELECT until FROM throttle WHERE id = 1").fetchone()
        return float(row[0]) if row else 0.0

    def write(self, until: float) -> None:
        with self._connection as connection:
            connection.execute("INSERT OR REPLACE INTO throttle VALUES (1, ?)", (until,))


def pace_alone(per_second: int, per_minute: int, clock: Clock) -> SharedPace:
    """A budget for one process."""
    return SharedPace(InMemoryBucket(rates(per_second, per_minute)), _Remembered(), clock)


def pace_by_file(path: Path, per_second: int, per_minute: int, clock: Clock) -> SharedPace:
    """A budget shared by every process on this machine that names the same file (mode 0600)."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)
    bucket = SQLiteBucket.init_from_file(
        rates(per_second, per_minute), table="requests", db_path=str(path), use_file_lock=True
    )
    bucket.conn.execute("PRAGMA busy_timeout = 10000")
    return SharedPace(bucket, _Filed(bucket.conn), clock)
