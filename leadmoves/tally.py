"""How many requests a move cost, counted on the wire, retries included."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal

Purpose = Literal["submit", "look", "other"]


@dataclass
class Tally:
    """Requests of one move by purpose. A request shared by many moves is counted once, at one of them."""

    submit: int = 0  # POSTs of the move itself
    look: int = 0  # looks at a running job
    other: int = 0  # baseline, settling, counters, verifying, warmup

    def count(self, purpose: Purpose) -> None:
        setattr(self, purpose, getattr(self, purpose) + 1)

    def as_dict(self) -> dict[Purpose, int]:
        return {"submit": self.submit, "look": self.look, "other": self.other}


_current: ContextVar[tuple[Tally, Purpose] | None] = ContextVar("tally", default=None)


@contextmanager
def counting(tally: Tally, purpose: Purpose) -> Iterator[None]:
    """Requests sent inside count here; the innermost wins."""
    token = _current.set((tally, purpose))
    try:
        yield
    finally:
        _current.reset(token)


def count_request() -> None:
    """Called by the API client once an attempt."""
    if current := _current.get():
        tally, purpose = current
        tally.count(purpose)
