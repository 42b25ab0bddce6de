"""Waiting until a move is ours to carry out: one owner a row, one writer a source and a destination."""

from leadmoves.clock import Clock
from leadmoves.errors import LeaseLost, LedgerError
from leadmoves.ledger import Ledger, Row, State

# How often to ask the ledger whether another owner or holder is done (seconds).
ASK_LEDGER = 1.0


class Owning:
    """Of one process."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock

    async def row(self, key: str, deadline: float) -> Row:
        """Become the row's owner; while another live one works on it, wait for what it makes of it.

        Raises:
            LeaseLost: at the deadline another process still works on it.

        """
        while (mine := await self._ledger.take(key)) is None:
            row = await self._freed(key, deadline)
            if row.state is State.ENDED:
                return row
        return mine

    async def _freed(self, key: str, deadline: float) -> Row:
        """The row once it has ended, or its owner's lease has; a read a second, no write."""
        while row := await self._ledger.row(key):
            if row.state is State.ENDED or row.lease_until < self._clock.now():
                return row
            if self._clock.monotonic() > deadline:
                raise LeaseLost(f"another process works on move {key}: {row.owner}")
            await self._clock.sleep(ASK_LEDGER)
        raise LedgerError(f"the ledger knows no move {key}")

    async def resources(self, row: Row, deadline: float) -> str | None:
        """Wait until the source and the destination are ours; the holder's key where the deadline came first."""
        while holder := await self._ledger.hold(row):
            if self._clock.monotonic() > deadline:
                return holder
            await self._clock.sleep(ASK_LEDGER)
        return None
