"""One structured record a decision, handed to a listener: data, so that the core imports no logger.

A listener becomes a log line, a Prefect event, a counter, or (in the fault tests) a SIGKILL at a named point.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Decided(StrEnum):
    """What was decided, in the order in which an undisturbed move passes them."""

    INTENDED = "intended"  # the row is written
    RESUMED = "resumed"  # an earlier run's row is taken up
    BASELINE = "baseline"  # the jobs that match already are written down
    SENDING = "sending"  # the row says so; the first byte follows
    ANSWERED = "answered"  # an answer with a job id came; the row does not know yet
    ACCEPTED = "accepted"  # the row knows the job
    NOT_SENT = "not-sent"  # the API never saw it; may be sent again
    THROTTLED = "throttled"  # 429
    BUSY = "busy"  # 409
    REFUSED = "refused"  # any other 4xx
    AMBIGUOUS = "ambiguous"  # sent, and nobody knows
    LOOKED = "looked"  # the job list was read to settle a doubt
    ADOPTED = "adopted"  # exactly one job is ours
    ABSENT = "absent"  # none is: it was not accepted
    IN_DOUBT = "in-doubt"  # several may be ours: a person decides


# What every undisturbed move passes.
ROUTINE = frozenset((Decided.INTENDED, Decided.BASELINE, Decided.SENDING, Decided.ANSWERED, Decided.ACCEPTED))


@dataclass(frozen=True)
class Decision:
    """One decision about one move."""

    decided: Decided
    key: str
    name: str
    at: float  # wall time, seconds since 1970
    details: Mapping[str, Any] = field(default_factory=dict)


Listener = Callable[[Decision], None]


def nobody(_: Decision) -> None:
    """A listener that does not care."""


class Counted:
    """A listener that counts the decisions of each move before it hands them on."""

    def __init__(self, listener: Listener = nobody) -> None:
        self._listener = listener
        self._counts: dict[str, Counter[str]] = {}

    def __call__(self, decision: Decision) -> None:
        self._counts.setdefault(decision.key, Counter())[decision.decided.value] += 1
        self._listener(decision)

    def pop(self, key: str) -> dict[str, int]:
        """How often what was decided about a move since the last time, in the order of the first time."""
        return dict(self._counts.pop(key, ()))
