"""How long to go on trying to send: what was not sent, was throttled (429) or kept out (409)."""

import random
from collections.abc import Awaitable, Callable

from leadmoves.api.resend import wait_for
from leadmoves.clock import Clock
from leadmoves.errors import ApiError
from leadmoves.watch.cadence import interval

# Tries to reach the API, or to be let in after a 429, with full jitter up to 8 s: about a minute.
MOST_TRIES = 15
# After a 409 whose holder the list does not show: 0.5 s, doubled, and no longer than half a minute.
FIRST_BUSY, LONGEST_BUSY = 0.5, 30.0


class Patience:
    """Of one submit.

    Args:
        deadline: monotonic seconds after which nothing is tried any more.

    """

    def __init__(self, clock: Clock, rng: random.Random, deadline: float) -> None:
        self._clock = clock
        self._rng = rng
        self._deadline = deadline
        self._rounds = 0
        self.tries = 0

    @property
    def over(self) -> bool:
        return self._clock.monotonic() > self._deadline

    async def before_next(self, error: ApiError) -> bool:
        """Wait as this failure asks for; False where there is no next try."""
        self.tries += 1
        wait = wait_for(error, self.tries, self._rng)
        if self.tries >= MOST_TRIES or self._clock.monotonic() + wait > self._deadline:
            return False
        await self._clock.sleep(wait)
        return True

    async def while_busy(self, held: Callable[[], Awaitable[bool]]) -> None:
        """Wait for the job that holds our campaign or list, at most until just after the deadline."""
        await self._clock.sleep(min(FIRST_BUSY * 2**self._rounds, LONGEST_BUSY))
        self._rounds = min(self._rounds + 1, 10)
        begun = self._clock.monotonic()
        while not self.over and await held():
            await self._clock.sleep(interval(self._clock.monotonic() - begun))
