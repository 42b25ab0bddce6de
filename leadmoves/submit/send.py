"""Send once: intend, baseline, send, settle, adopt.

INTENDED ──baseline──► SENDING ──one POST──► accepted ..... ACCEPTED
   ▲                      │                  refused ...... ENDED (refused)
   │ not sent, 429, 409   │                  ambiguous ┐
   └──────────────────────┤                            ▼
   ▲                      │        settle: look in the job list until the settle time is over
   └── none is ours ──────┴─────── one is ours: adopt it ..... ACCEPTED
       (it was absent)             several: a person decides .. IN_DOUBT

A row found SENDING after a crash enters at «settle». No layer repeats the POST: what comes back to INTENDED
was not accepted, for certain, and may be sent again, a bounded number of times.
"""

import asyncio
import random
from typing import Any

from leadmoves.api import Instantly
from leadmoves.clock import Clock
from leadmoves.decisions import Decided, Decision, Listener, nobody
from leadmoves.errors import Ambiguous, ApiError, Busy, LeaseLost, LedgerError, NotSent, Refused, Throttled
from leadmoves.jobs import Job, Outcome
from leadmoves.ledger import Ledger, Row, State
from leadmoves.ledger.baseline import Baseline, baseline_of
from leadmoves.plan.body import same_request
from leadmoves.submit.ahead import LookAhead
from leadmoves.submit.fence import Fence
from leadmoves.submit.joblist import JobList
from leadmoves.submit.owning import Owning
from leadmoves.submit.patience import Patience
from leadmoves.submit.settle import Settler, doors

# POSTs a key may cost when each is lost and then found absent: three lost answers in a row are an outage.
MOST_POSTS = 3


class Submitter:
    """Brings a row of the ledger to a job, at most one a key.

    Args:
        settle: seconds for which an accepted job may be missing from the job list.
        timeout: seconds that a POST may take.
        listener: hears every decision.

    """

    def __init__(  # noqa: PLR0913 - all by name
        self,
        api: Instantly,
        ledger: Ledger,
        clock: Clock,
        *,
        settle: float,
        timeout: float,
        listener: Listener = nobody,
        rng: random.Random | None = None,
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._timeout = timeout
        self._doubt_time = timeout + settle
        self._listener = listener
        self._turns: dict[str, asyncio.Lock] = {}  # one key, one at a time, within this process too
        self._rng = rng or random.Random()  # noqa: S311 - jitter, no secret
        self._doors = doors(api)
        self._mine = Owning(ledger, clock)
        self._list = JobList(api)
        self._ahead = LookAhead(self._list, clock)
        types = {kind: door.job_type for kind, door in self._doors.items()}
        self._settler = Settler(ledger, clock, self._list, types, settle=settle, say=self._say)

    def expect(self, rows: list[Row]) -> None:
        """These moves will come: their baselines are read in few requests."""
        self._ahead.expect(row.source for row in rows if row.source and row.state is State.INTENDED)

    async def submit(self, row: Row, deadline: float) -> Row:
        """Bring a row to ACCEPTED, IN_DOUBT or ENDED.

        Args:
            row: as the ledger has it; another live owner of it is waited for.
            deadline: monotonic seconds after which we stop trying to send.

        Returns:
            The row; SENDING with outcome `in-doubt` where even the job list could not be read.

        Raises:
            LeaseLost: at the deadline another process still works on it.
            LedgerError: nothing was sent that the ledger does not know of.

        """
        async with self._turns.setdefault(row.key, asyncio.Lock()):
            mine = row if row.state is State.INTENDED and self._ledger.owns(row) else None
            while True:
                mine = self._begun(mine or await self._mine.row(row.key, deadline))
                try:
                    return await self._settle_or_send(mine, deadline)
                except LeaseLost:  # we were suspended, and somebody else took it over: see what they make of it
                    mine = None
                    if self._clock.monotonic() > deadline:
                        raise

    async def _settle_or_send(self, row: Row, deadline: float) -> Row:
        patience = Patience(self._clock, self._rng, deadline)
        underway = self._underway(row)
        while row.state in {State.INTENDED, State.SENDING}:
            if holder := await self._mine.resources(row, deadline):
                return await self._kept_out(row, holder)
            if row.state is State.INTENDED:
                row, underway = await self._try(row, patience), 0.0
                continue
            row = await self._settler.settle(row, deadline, underway)
            if row.state is State.SENDING:  # the list cannot be read: in doubt for now
                return row
        return row

    def _underway(self, row: Row) -> float:
        """Seconds for which a POST of a dead process may still be on its way: we would have waited so long.

        Our own POST has been answered, or given up, before it is settled.
        """
        if row.state is not State.SENDING or row.sent_at is None:
            return 0.0
        return min(max(row.sent_at + self._timeout - self._clock.now(), 0.0), self._timeout)

    def _begun(self, row: Row) -> Row:
        """Say whether a move begins or goes on."""
        if row.state is not State.ENDED:
            fresh = row.state is State.INTENDED and not row.posts
            self._say(Decided.INTENDED if fresh else Decided.RESUMED, row)
        return row

    async def _kept_out(self, row: Row, holder: str) -> Row:
        why = f"move {holder} holds its source or destination"
        if row.state is State.SENDING:
            return await self._settler.leave(row, f"{why}, so its own job could not be looked for")
        return await self._end(row, Outcome.NOT_SENT, why)

    # Sending.

    async def _try(self, row: Row, patience: Patience) -> Row:
        """One try to send, and what its failure means."""
        if row.unsettled >= MOST_POSTS:
            why = f"sent {row.posts} times, each answer was lost, and no job appeared within the settle time"
            return await self._end(row, Outcome.NOT_SENT, why)
        if patience.over:
            return await self._end(row, Outcome.NOT_SENT, row.reason or "its deadline passed before it was sent")
        try:
            return await self._look_and_send(row)
        except Refused as error:
            return await self._refused(row, error, patience)
        except NotSent as error:
            self._say(Decided.NOT_SENT, row, error=str(error))
            return await self._wait_to_send(row, error, patience)

    async def _refused(self, row: Row, error: Refused, patience: Patience) -> Row:
        match error:
            case Busy():
                self._say(Decided.BUSY, row, error=str(error))
                await patience.while_busy(lambda: self._still_held(row))
                return await self._ledger.write(row.key, State.INTENDED, reason=f"busy: {error}")
            case Throttled():
                self._say(Decided.THROTTLED, row, error=str(error))
                return await self._wait_to_send(row, error, patience)
        self._say(Decided.REFUSED, row, error=str(error))
        return await self._end(row, Outcome.REFUSED, str(error))

    async def _look_and_send(self, row: Row) -> Row:
        try:
            if not row.unsettled or row.baseline is None:
                return await self._send(row, await self._baseline(row))
            # An earlier POST was found absent, and time has passed since: its job may have turned up too late.
            row = await self._settler.recheck(row)
        except Ambiguous as error:  # of a read: nothing was sent
            raise NotSent(error.endpoint, error.message, error.status) from None
        return await self._send(row, row.baseline) if row.state is State.INTENDED and row.baseline else row

    async def _baseline(self, row: Row) -> Baseline:
        """Which jobs match already; written with «sending», and kept while an earlier POST may still turn up."""
        seen = await self._ahead.before(self._doors[row.kind].job_type, row.source)
        baseline = baseline_of(seen, row.source, row.body, same_request)
        self._say(Decided.BASELINE, row, jobs=len(baseline.ids))
        return baseline

    async def _send(self, row: Row, baseline: Baseline) -> Row:
        """One POST. The row says «sending» before the first byte, and what came of it right after."""

        async def mark() -> Fence:
            nonlocal row
            fence = Fence(self._clock, self._ledger.lease)  # from before the write: it can only be too strict
            marked = await self._ledger.sending(row, baseline, self._doubt_time)
            if marked is None:
                raise NotSent("the ledger", "its source or destination was lost to another move meanwhile")
            row = marked
            self._say(Decided.SENDING, row, posts=row.posts)
            return fence

        try:
            job = await self._doors[row.kind].post(row.body, mark)
        except Ambiguous as error:
            self._say(Decided.AMBIGUOUS, row, error=str(error))
            return await self._ledger.write(row.key, State.SENDING, reason=str(error))
        except ApiError as error:
            if row.state is State.SENDING:
                await self._ledger.write(row.key, State.SENDING, state=State.INTENDED, reason=str(error))
            raise
        self._say(Decided.ANSWERED, row, job=job.id)
        return await self._accepted(row, job)

    async def _accepted(self, row: Row, job: Job) -> Row:
        try:
            accepted = await self._ledger.claim(row.key, job.id)
        except LeaseLost:
            raise
        except LedgerError as error:
            said = f"the API accepted move {row.key} as job {job.id}, the next resume finds it there"
            raise LedgerError(f"{error}; {said}") from error
        if accepted is None:
            return await self._settler.doubt(row, (job.id,), f"another move has adopted its job {job.id}")
        self._say(Decided.ACCEPTED, accepted, job=job.id)
        return accepted

    async def _wait_to_send(self, row: Row, error: ApiError, patience: Patience) -> Row:
        if not await patience.before_next(error):
            return await self._end(row, Outcome.NOT_SENT, f"tried {patience.tries} times: {error}")
        return await self._ledger.write(row.key, State.INTENDED, reason=str(error))

    async def _still_held(self, row: Row) -> bool:
        try:
            return bool(await self._list.holder(self._doors[row.kind].job_type, row.resources))
        except ApiError:  # a failed look says nothing: look again
            return True

    async def _end(self, row: Row, outcome: Outcome, reason: str) -> Row:
        """Ended without a job. Whoever carries the move out writes its report."""
        now = self._clock.now()
        row = await self._ledger.write(
            row.key, State.INTENDED, state=State.ENDED, outcome=outcome, reason=reason, ended_at=now
        )
        await self._ledger.release(row.key)
        return row

    def _say(self, decided: Decided, row: Row, **details: Any) -> None:
        self._listener(Decision(decided, row.key, row.name, self._clock.now(), details))
