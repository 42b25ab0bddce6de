"""The same processes with one protection taken out each: what the tests must notice."""

from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, true

from leadmoves.clock import Clock
from leadmoves.jobs import Job
from leadmoves.ledger import Ledger, Row, State
from leadmoves.ledger.baseline import Baseline
from leadmoves.submit import Submitter
from leadmoves.submit.settle import Settler
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


class _Latest(Settler):
    async def _unclaimed(self, row: Row, jobs: list[Job]) -> Any:
        found = await super()._unclaimed(row, jobs)
        return replace(found, ours=found.ours[-1:])


class TakesTheLatest(Submitter):
    """Adopts the newest of several candidates, as Airflow's mixin does."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._settler.__class__ = _Latest


class WithoutLease(Ledger):
    """Takes rows from live owners, and writes rows that are not its own."""

    def __init__(self, url: str, clock: Clock, lease: float = 20.0, **how: Any) -> None:
        super().__init__(url, clock, lease, owner="everybody", **how)

    def free(self) -> ColumnElement[bool]:
        return true()


WITHOUT_SETTLING = Rules(settle=0.0)
WITHOUT_BASELINE = Rules(submitter=WithoutBaseline)
MARKED_AFTERWARDS = Rules(submitter=MarksAfterwards)
SENT_AGAIN = Rules(submitter=SendsAgain)
LATEST_TAKEN = Rules(submitter=TakesTheLatest)
WITHOUT_LEASE = Rules(ledger=WithoutLease)
