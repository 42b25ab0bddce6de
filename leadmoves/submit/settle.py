"""Settling a doubt: was the POST accepted? The job list knows, within the settle time.

one job is ours ........ adopt it

once the time is over, so that whatever may be ours is in the list:
several are ............ in doubt: a person decides, nothing else does
none, but one may be ... in doubt
none ................... absent: it was not accepted
list unreadable ........ in doubt for now; the next resume looks again
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
from leadmoves.ledger.baseline import Baseline, matches, maybe_matches
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


@dataclass(frozen=True)
class Found:
    """What one look at the job list found: ids of jobs that nobody has claimed."""

    ours: tuple[str, ...]
    maybe: tuple[str, ...]  # the echo neither proves nor rules it out


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

    async def settle(self, row: Row, deadline: float, underway: float = 0.0) -> Row:
        """Look until our job must be in the list; the row becomes ACCEPTED, INTENDED again, or in doubt.

        Args:
            row: SENDING.
            deadline: monotonic seconds after which an unreadable list is no longer waited for.
            underway: seconds for which the server may still be at work on the POST; the settle time follows.

        """
        over = self._clock.monotonic() + underway + self._settle_time
        gap = FIRST_LOOK
        while True:
            last = self._clock.monotonic() >= over
            found = await self._look(row)
            if found and (settled := await self._settled(row, found, last=last)):
                return settled
            if last and self._clock.monotonic() > deadline:
                return await self.leave(row, "the job list cannot be read, so nobody knows")
            left = over - self._clock.monotonic()
            await self._clock.sleep(min(gap, left) if left > 0 else gap)
            gap = min(2 * gap, LONGEST_GAP)

    async def recheck(self, row: Row) -> Row:
        """One more look before a repeated POST, for a job that showed later than it should have."""
        jobs = await self._list.since(self._types[row.kind], row.source, row.baseline or Baseline())
        found = await self._unclaimed(row, jobs)
        return await self._settled(row, found, last=bool(found.ours or found.maybe)) or row

    async def doubt(self, row: Row, candidates: tuple[str, ...], why: str) -> Row:
        """A person decides."""
        row = await self._ledger.write(
            row.key,
            row.state,
            state=State.IN_DOUBT,
            candidates=list(candidates),
            outcome=Outcome.IN_DOUBT,
            reason=why,
        )
        self._say(Decided.IN_DOUBT, row, candidates=candidates)
        return row

    async def leave(self, row: Row, why: str) -> Row:
        """In doubt for now: the row stays SENDING, so the next resume settles it."""
        row = await self._ledger.write(row.key, State.SENDING, outcome=Outcome.IN_DOUBT, reason=why)
        self._say(Decided.IN_DOUBT, row, candidates=())
        return row

    async def _settled(self, row: Row, found: Found, *, last: bool) -> Row | None:
        """What a look settles; None where it settles nothing yet."""
        if len(found.ours) == 1:
            return await self._adopt(row, found.ours[0])
        if not last:
            return None  # also where several match: strangers' jobs may show before ours does
        if found.ours:
            several = f"{len(found.ours)} jobs match this move: {', '.join(found.ours)}"
            return await self.doubt(row, found.ours, several)
        if found.maybe:
            return await self.doubt(row, found.maybe, f"may be its job, but does not say: {', '.join(found.maybe)}")
        return await self._absent(row)

    async def _look(self, row: Row) -> Found | None:
        """The jobs that may be ours; None where the list could not be read."""
        try:
            jobs = await self._list.since(self._types[row.kind], row.source, row.baseline or Baseline())
        except ApiError as error:
            self._say(Decided.LOOKED, row, error=str(error))
            return None
        return await self._unclaimed(row, jobs)

    async def _unclaimed(self, row: Row, jobs: list[Job]) -> Found:
        known = (row.baseline or Baseline()).ids
        request = (row.source, row.body, same_request)
        ours = {job.id for job in jobs if job.id not in known and matches(job, *request)}
        maybe = {job.id for job in jobs if job.id not in known and maybe_matches(job, *request)} - ours
        claimed = await self._ledger.claimed(ours | maybe) if ours or maybe else set()
        found = Found(tuple(sorted(ours - claimed)), tuple(sorted(maybe - claimed)))
        self._say(Decided.LOOKED, row, found=len(found.ours))
        return found

    async def _adopt(self, row: Row, job_id: str) -> Row | None:
        """None where another move claimed it since the look."""
        adopted = await self._ledger.claim(row.key, job_id, adopted=True)
        if adopted:
            self._say(Decided.ADOPTED, adopted, job=job_id)
        return adopted

    async def _absent(self, row: Row) -> Row:
        """It was not accepted. The baseline is kept from now on: a job that turns up late is known for ours."""
        row = await self._ledger.write(
            row.key, State.SENDING, state=State.INTENDED, unsettled=row.unsettled + 1, outcome=None
        )
        self._say(Decided.ABSENT, row, posts=row.posts)
        return row
