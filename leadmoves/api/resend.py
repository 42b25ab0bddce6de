"""Which failure may be sent again, and after how long.

Reads: after n failures wait random(0, min(cap, base·2ⁿ)) (full jitter), or what ``Retry-After`` asked for, at
most `LONGEST_WAIT`; give up when the total time is over. The POST of a move is never retried here: see `submit`.
"""

import math
import random
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type

from leadmoves.clock import Clock
from leadmoves.errors import Ambiguous, NotSent, Throttled

BASE = 0.5  # seconds; a hiccup of the network is over by then
CAP = 8.0  # seconds; a longer outage is met by the cadence of looking, not by this retry
LONGEST_WAIT = 120.0  # seconds; obey the server up to two minutes, as OpenAI's client does
TOTAL = 30.0  # seconds; then the caller hears of it

# A read changes nothing, so an unknown fate is harmless: each of these may be asked again.
READ_AGAIN = (NotSent, Ambiguous, Throttled)


def retry_after(header: str | None, now: datetime) -> float | None:
    """Seconds that a ``Retry-After`` header asks for: a number, or an HTTP date. None where unreadable."""
    if not header:
        return None
    try:
        seconds = float(header)
    except ValueError:
        then = http_date(header)
        seconds = (then - now).total_seconds() if then else math.nan
    return None if math.isnan(seconds) else min(max(seconds, 0.0), LONGEST_WAIT)


def http_date(header: str | None) -> datetime | None:
    """The time that a header names; None where it names none."""
    try:
        then = parsedate_to_datetime(header or "")
    except (ValueError, OverflowError):
        return None
    return then.replace(tzinfo=then.tzinfo or UTC)


def backoff(failures: int, rng: random.Random, base: float = BASE, cap: float = CAP) -> float:
    """Full jitter: random(0, min(cap, base·2^failures)) seconds."""
    return rng.uniform(0, min(cap, base * 2 ** min(failures, 30)))


def wait_for(error: BaseException | None, failures: int, rng: random.Random) -> float:
    """How long before the next try: what the server asked for, else full jitter. Seconds."""
    if isinstance(error, Throttled) and error.wait is not None:
        return error.wait
    return backoff(failures, rng)


def reads(clock: Clock, rng: random.Random, total: float = TOTAL) -> AsyncRetrying:
    """A tenacity loop for reads, on the given clock, that re-raises the last error."""
    return AsyncRetrying(
        retry=retry_if_exception_type(READ_AGAIN),
        wait=lambda state: wait_for(_error(state), state.attempt_number - 1, rng),
        stop=_after(clock, total),
        sleep=clock.sleep,
        reraise=True,
    )


def _after(clock: Clock, total: float) -> Callable[[RetryCallState], bool]:
    """Stop where the next try would begin when the total time is over. tenacity's own counts real time alone."""
    begun = clock.monotonic()
    return lambda state: clock.monotonic() - begun + state.upcoming_sleep >= total


def _error(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None
