"""Settling a doubt: was the POST accepted? The job list knows, within the settle time.

one job is ours ....... adopt it
several ............... in doubt: a person decides, nothing else does
none, and time over ... absent: it was not accepted
list unreadable ....... in doubt for now; the next resume looks again
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from leadmoves.api import Before, Instantly
from leadmoves.clock import Clock
from leadmoves.decisions import Decided
from leadmoves.errors import ApiError
from leadmoves.jobs import Job, Outcome
from leadmoves.ledger import Kind, Ledger, Row, State
from leadmoves.ledger.baseline import Baseline, matches
from leadmoves.plan.body import same_request
from leadmoves.submit.joblist import JobList

# Between looks while settling: 0.5 s, doubled up to 8 s.
FIRST_LOOK, LONGEST_GAP = 0.5, 8.0


class Post(Protocol):
    """The one request that starts a job."""

    def __call__(self, body: Mapping[str, Any], before: Before | None = None) -> Awaitable[Job]: ...


@dataclass(frozen=True)
class Door:
    """How one kind of job is started, and the type under which the list shows it."""

    job_type: str
    post: Post


def doors(api: Instantly) -> dict[Kind, Door]:
    return {
        Kind.MOVE: Door("move-leads", api.move_leads),
        Kind.WARMUP: Door("update-warmup-accounts", api.enable_warmup),
    }


Say = Callable[..., None]


class Settler:
    """Finds the job of a POST whose answer never came.

    Args:
        settle: seconds for which an accepted job may be missing from the list.
        say: tells a decision: `say(decided, row, **details)`.

    """

    def __init__(  # noqa: PLR0913 - all by name
        self,
        ledger: Ledger,
        clock: Clock,
        jobs: JobList,
        job_types: Mapping[Kind, str],
        *,
        settle: float,
        say: Say,
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._list = jobs
        self._types = job_types
        self._settle_time = settle
        self._say = say

    async def settle(self, row: Row, deadline: float) -> Row:
        """Look until our job must be in the list; the row becomes ACCEPTED, INTENDED again, or in doubt.

        The time counts from now: after a crash nobody knows when the POST left, only that it is not later.
        """
        over = self._clock.monotonic() + self._settle_time
        gap = FIRST_LOOK
        while True:
            last = self._clock.monotonic() >= over
            ours = await self._look(row)
            if ours:
                return await self._adopt(row, ours)
            if ours is not None and last:
                return await self._absent(row)
            if last and self._clock.monotonic() > deadline:
                return await self._doubt(row, (), "the job list cannot be read, so nobody knows")
            left = over - self._clock.monotonic()
            await self._clock.sleep(min(gap, left) if left > 0 else gap)
            gap = min(2 * gap, LONGEST_GAP)

    async def _look(self, row: Row) -> list[Job] | None:
        """The jobs that may be ours; None where the list could not be read."""
        baseline = row.baseline or Baseline()
        try:
            jobs = await self._list.since(self._types[row.kind], row.source, baseline)
        except ApiError as error:
            self._say(Decided.LOOKED, row, error=str(error))
            return None
        new = [j for j in jobs if j.id not in baseline.ids and matches(j, row.source, row.body, same_request)]
        claimed = await self._ledger.claimed(job.id for job in new) if new else set()
        ours = [job for job in new if job.id not in claimed]
        self._say(Decided.LOOKED, row, found=len(ours))
        return ours

    async def _adopt(self, row: Row, ours: list[Job]) -> Row:
        if len(ours) > 1:
            ids = tuple(job.id for job in ours)
            return await self._doubt(row, ids, f"{len(ids)} jobs match this move: {', '.join(ids)}")
        row = await self._ledger.write(row.key, state=State.ACCEPTED, job_id=ours[0].id, adopted=True, reason=None)
        self._say(Decided.ADOPTED, row, job=ours[0].id)
        return row

    async def _absent(self, row: Row) -> Row:
        """It was not accepted. The baseline is kept from now on: a job that turns up late is known for ours."""
        row = await self._ledger.write(row.key, state=State.INTENDED, unsettled=row.unsettled + 1)
        self._say(Decided.ABSENT, row, posts=row.posts)
        return row

    async def _doubt(self, row: Row, candidates: tuple[str, ...], why: str) -> Row:
        state = State.IN_DOUBT if candidates else State.SENDING  # an unread list may still settle it later
        row = await self._ledger.write(
            row.key, state=state, candidates=list(candidates), outcome=Outcome.IN_DOUBT, reason=why
        )
        self._say(Decided.IN_DOUBT, row, candidates=candidates)
        return row
