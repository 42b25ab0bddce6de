"""The same processes with one protection taken out each: what the tests must notice."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, true

from leadmoves.clock import Clock
from leadmoves.ledger import Ledger, Row, State
from leadmoves.ledger.baseline import Baseline
from leadmoves.submit import Submitter
from tests.faults.world import Rules


class WithoutBaseline(Submitter):
    """Takes any job of its request for its own, last week's too."""

    async def _baseline(self, row: Row) -> Baseline:
        return Baseline()


class MarksAfterwards(Submitter):
    """Writes «sending» when the answer is there."""

    async def _send(self, row: Row, baseline: Baseline) -> Row:
        job = await self._doors[row.kind].post(row.body)
        row = await self._ledger.sending(row, baseline, self._doubt_time) or row
        return await self._accepted(row, job)


class SendsAgain(Submitter):
    """Takes a lost answer for a lost request."""

    async def _send(self, row: Row, baseline: Baseline) -> Row:
        row = await super()._send(row, baseline)
        if row.state is State.SENDING:
            row = await self._ledger.write(row.key, state=State.INTENDED)
        return row


class WithoutOwner(Ledger):
    """Takes rows from live owners, and writes them whatever state they are in."""

    def __init__(self, url: str, clock: Clock, lease: float = 20.0, **how: Any) -> None:
        super().__init__(url, clock, lease, owner="everybody", **how)

    def free(self) -> ColumnElement[bool]:
        return true()

    def _ours(self, was: Sequence[State]) -> ColumnElement[bool]:
        return true()


WITHOUT_SETTLING = Rules(settle=0.0)
WITHOUT_BASELINE = Rules(submitter=WithoutBaseline)
MARKED_AFTERWARDS = Rules(submitter=MarksAfterwards)
SENT_AGAIN = Rules(submitter=SendsAgain)
WITHOUT_OWNER = Rules(ledger=WithoutOwner)
