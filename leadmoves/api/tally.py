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

    @property
    def total(self) -> int:
        return self.submit + self.look + self.other

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


def count_request(purpose: Purpose | None = None) -> None:
    """Called by the API client once an attempt; a purpose given here goes before the block's."""
    if current := _current.get():
        tally, usual = current
        tally.count(purpose or usual)
