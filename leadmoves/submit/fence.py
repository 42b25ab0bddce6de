"""The fence between «sending» and the first byte: who slept too long between the two must not send any more.

may send  ⇔  age of «sending» < ¾ lease, by wall time and by monotonic time

A process can be stopped (SIGSTOP, a suspended laptop) just after it wrote «sending». Its lease runs out, another
process settles the doubt, finds no job and sends. When the first wakes up, its own POST would be a second job.
"""

from leadmoves.clock import Clock
from leadmoves.errors import NotSent

# The last quarter is for clocks of machines that disagree: see Ledger.
SHARE = 0.75


class Fence:
    """Asked again when the connection stands and the bytes are about to leave."""

    def __init__(self, clock: Clock, lease: float) -> None:
        self._clock = clock
        self._most = SHARE * lease
        self._now, self._monotonic = clock.now(), clock.monotonic()

    def __call__(self) -> None:
        """Raise `NotSent` where the lease that «sending» was written under may be over."""
        # Monotonic time stands still while a machine sleeps, and wall time may be set back.
        age = max(self._clock.now() - self._now, self._clock.monotonic() - self._monotonic)
        if age > self._most:
            raise NotSent("the fence", f"stopped for {age:.0f} s just before the first byte, longer than the lease")
