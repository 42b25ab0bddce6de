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
from leadmoves.api.resend import wait_for
from leadmoves.clock import Clock
from leadmoves.decisions import Decided, Decision, Listener, nobody
from leadmoves.errors import Ambiguous, ApiError, Busy, NotSent, Refused, Throttled
from leadmoves.jobs import Outcome
from leadmoves.ledger import Kind, Ledger, Row, State
from leadmoves.ledger.baseline import baseline_of
from leadmoves.plan.body import same_request
from leadmoves.submit.joblist import JobList
from leadmoves.submit.settle import Settler, doors
from leadmoves.watch.cadence import interval

# POSTs a key may cost when each is lost and then found absent: three lost answers in a row are an outage.
MOST_POSTS = 3
# Tries to reach the API, or to be let in after a 429, with full jitter up to 8 s: about a minute.
MOST_TRIES = 15
# How often to ask the ledger whether another owner or holder is done (seconds).
ASK_LEDGER = 1.0


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
        self._doubt_time = timeout + settle
        self._listener = listener
        self._turns: dict[str, asyncio.Lock] = {}  # one key, one at a time, within this process too
        self._rng = rng or random.Random()  # noqa: S311 - jitter, no secret
        self._doors = doors(api)
        self._list = JobList(api, clock)
        types = {kind: door.job_type for kind, door in self._doors.items()}
        self._settler = Settler(ledger, clock, self._list, types, settle=settle, say=self._say)

    async def look_ahead(self, rows: list[Row]) -> None:
        """Read the baselines of many moves in few requests."""
        sources = [row.source for row in rows if row.source and row.state is State.INTENDED]
        await self._list.look_ahead(self._doors[Kind.MOVE].job_type, sources)

    async def submit(self, row: Row, deadline: float) -> Row:
        """Bring a row to ACCEPTED, IN_DOUBT or ENDED.

        Args:
            row: as the ledger has it; another live owner of it is waited for.
            deadline: monotonic seconds after which we stop trying to send.

        Returns:
            The row; SENDING with outcome `in-doubt` where even the job list could not be read.

        Raises:
            LedgerError: nothing was sent that the ledger does not know of.

        """
        async with self._turns.setdefault(row.key, asyncio.Lock()):
            return await self._submit(await self._own(row, deadline), deadline)

    async def _submit(self, row: Row, deadline: float) -> Row:
        for tries in range(1, MOST_TRIES + 1):
            if row.state is State.SENDING:
                row = await self._settler.settle(row, deadline)
            if row.state is not State.INTENDED:
                return row
            row = await self._try(row, tries, deadline)
        return row

    # Owning the row and its resources.

    async def _own(self, row: Row, deadline: float) -> Row:
        """Become the row's owner; while another live one works on it, wait for what it makes of it."""
        while not await self._ledger.take(row.key):
            await self._clock.sleep(ASK_LEDGER)
            row = await self._reread(row)
            if row.state is State.ENDED or self._clock.monotonic() > deadline:
                return row
        return await self._reread(row)

    async def _reread(self, row: Row) -> Row:
        return await self._ledger.row(row.key) or row

    async def _hold(self, row: Row, deadline: float) -> str | None:
        """Wait until the source and the destination are ours; the holder's key where the deadline came first."""
        while holder := await self._ledger.hold(row):
            if self._clock.monotonic() > deadline:
                return holder
            await self._clock.sleep(ASK_LEDGER)
        return None

    # Sending.

    async def _try(self, row: Row, tries: int, deadline: float) -> Row:
        """One try to send, and what its failure means."""
        if row.posts >= MOST_POSTS and row.unsettled >= MOST_POSTS:
            why = f"sent {row.posts} times, each answer was lost, and no job appeared within the settle time"
            return await self._end(row, Outcome.NOT_SENT, why)
        if holder := await self._hold(row, deadline):
            return await self._end(row, Outcome.NOT_SENT, f"move {holder} holds its source or destination")
        try:
            return await self._send(await self._with_baseline(row))
        except Busy as error:
            self._say(Decided.BUSY, row, error=str(error))
            return await self._wait_while_busy(row, error, deadline)
        except (NotSent, Throttled) as error:
            self._say(Decided.NOT_SENT if isinstance(error, NotSent) else Decided.THROTTLED, row, error=str(error))
            return await self._wait_to_send(row, error, tries, deadline)
        except Refused as error:
            self._say(Decided.REFUSED, row, error=str(error))
            return await self._end(row, Outcome.REFUSED, str(error))

    async def _with_baseline(self, row: Row) -> Row:
        """Write down which jobs match already; kept while an earlier POST may still turn up as a job."""
        if row.baseline is not None and row.unsettled:
            return row
        try:
            seen = await self._list.before(self._doors[row.kind].job_type, row.source)
        except Ambiguous as error:  # of a read: nothing was sent
            raise NotSent(error.endpoint, error.message, error.status) from None
        baseline = baseline_of(seen, row.source, row.body, same_request)
        row = await self._ledger.write(row.key, baseline=baseline.model_dump(mode="json"))
        self._say(Decided.BASELINE, row, jobs=len(baseline.ids))
        return row

    async def _send(self, row: Row) -> Row:
        """One POST. The row says «sending» before the first byte, and what came of it right after."""

        async def mark() -> None:
            nonlocal row
            row = await self._ledger.sending(row, doubt=self._doubt_time)
            self._say(Decided.SENDING, row, posts=row.posts)

        try:
            job = await self._doors[row.kind].post(row.body, mark)
        except Ambiguous as error:
            self._say(Decided.AMBIGUOUS, row, error=str(error))
            return await self._ledger.write(row.key, reason=str(error))
        except ApiError as error:
            if row.state is State.SENDING:
                await self._ledger.write(row.key, state=State.INTENDED, reason=str(error))
            raise
        self._say(Decided.ANSWERED, row, job=job.id)
        row = await self._ledger.write(row.key, state=State.ACCEPTED, job_id=job.id, reason=None)
        self._say(Decided.ACCEPTED, row, job=job.id)
        return row

    async def _wait_to_send(self, row: Row, error: ApiError, tries: int, deadline: float) -> Row:
        wait = wait_for(error, tries, self._rng)
        if tries >= MOST_TRIES or self._clock.monotonic() + wait > deadline:
            return await self._end(row, Outcome.NOT_SENT, f"tried {tries} times: {error}")
        await self._clock.sleep(wait)
        return await self._reread(row)

    async def _wait_while_busy(self, row: Row, error: Busy, deadline: float) -> Row:
        """A 409: another job holds our campaign or list. Wait for that job, then send again."""
        begun = self._clock.monotonic()
        while (now := self._clock.monotonic()) < deadline:
            await self._clock.sleep(min(interval(now - begun), deadline - now))
            if not await self._still_held(row):
                return await self._reread(row)
        return await self._end(row, Outcome.NOT_SENT, f"busy until the deadline: {error}")

    async def _still_held(self, row: Row) -> bool:
        try:
            return bool(await self._list.holder(self._doors[row.kind].job_type, row.resources))
        except ApiError:  # a failed look says nothing: look again
            return True

    async def _end(self, row: Row, outcome: Outcome, reason: str) -> Row:
        """Ended without a job. Whoever carries the move out writes its report."""
        return await self._ledger.write(
            row.key, state=State.ENDED, outcome=outcome, reason=reason, ended_at=self._clock.now()
        )

    def _say(self, decided: Decided, row: Row, **details: Any) -> None:
        self._listener(Decision(decided, row.key, row.name, self._clock.now(), details))
