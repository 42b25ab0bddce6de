"""Follow many jobs with few requests: one loop looks for all, whoever waits for a job is told of its end.

A failed look is not a failed job, and giving up waiting is not cancelling: the job goes on.
"""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from leadmoves.api import Instantly
from leadmoves.api.tally import Tally
from leadmoves.clock import Clock
from leadmoves.errors import LeadMoveError, NotFound, Refused, Throttled
from leadmoves.jobs import Job
from leadmoves.watch.cadence import FLOOR, Look, Watched, next_look
from leadmoves.watch.followed import STALL, Followed, Seen, Wait
from leadmoves.watch.looker import Looker, Sight

# A key that lost its rights will not get them back while we wait: so many refusals in a row end the wait.
REFUSALS = 3


@dataclass(eq=False)
class _Follower:
    """Somebody who waits for a job."""

    deadline: float
    future: "asyncio.Future[Seen]"

    def tell(self, seen: Seen) -> None:
        if not self.future.done():
            self.future.set_result(seen)


@dataclass(eq=False)
class _Waiting:
    """A job, and all who wait for it: two moves may wait for one warmup."""

    followed: Followed
    tally: Tally
    followers: list[_Follower]

    @property
    def deadline(self) -> float:
        return self.followed.watched.deadline

    def changed(self) -> None:
        """Followers came or went: the next deadline is that of the most hurried."""
        self.followed = self.followed.until(min(follower.deadline for follower in self.followers))


class Watch:
    """Many waits, one loop. `follow` waits for one job; `run` must run beside it, once.

    Args:
        budget: requests a second of the whole workspace; looking takes a tenth at most.
        tolerance: seconds for which a job may be unknown after its submit.
        stall: seconds without a change that count as a standstill.
        noticed: hears of every row, for progress bars.
        warn: hears of what a person should know, once.

    """

    def __init__(  # noqa: PLR0913 - all by name
        self,
        api: Instantly,
        clock: Clock,
        *,
        budget: float,
        tolerance: float,
        stall: float = STALL,
        noticed: Callable[[Job], None] = lambda _: None,
        warn: Callable[[str], None] = lambda _: None,
        rng: random.Random | None = None,
    ) -> None:
        self._looker = Looker(api)
        self._clock = clock
        self._budget = budget
        self._tolerance = tolerance
        self._stall = stall
        self._noticed = noticed
        self._warn = warn
        self._rng = rng or random.Random()  # noqa: S311 - jitter, no secret
        self._waiting: dict[str, _Waiting] = {}
        self._joined = asyncio.Event()
        self._closed = False
        self._broken: BaseException | None = None
        self._looked_at: float | None = None
        self._took = 1
        self._failures: list[LeadMoveError] = []  # in a row
        self.looks = 0

    async def follow(self, job_id: str, *, started: float, deadline: float, tally: Tally) -> Seen:
        """Wait for the end of a job, or for the end of waiting.

        Args:
            job_id: as the submit gave it.
            started: monotonic seconds of its submit; may lie before this process began.
            deadline: monotonic seconds; one last look falls there.
            tally: where its share of the requests is counted.

        """
        if self._broken:
            raise RuntimeError("the watch is over") from self._broken
        follower = _Follower(deadline, asyncio.get_running_loop().create_future())
        if waiting := self._waiting.get(job_id):
            waiting.followers.append(follower)
        else:
            followed = Followed(Watched(job_id, started, deadline), changed=self._clock.monotonic())
            waiting = self._waiting[job_id] = _Waiting(followed, tally, [follower])
        waiting.changed()
        self._joined.set()
        try:
            return await follower.future
        finally:
            self._leave(waiting, [follower])

    def close(self) -> None:
        """Let `run` return as soon as nobody waits."""
        self._closed = True
        self._joined.set()

    async def run(self) -> int:
        """Look until closed; returns how many looks it took."""
        try:
            while self._waiting or not self._closed:
                await self._step()
        except BaseException as error:  # ours, a listener's, or we were cancelled: nobody must wait for ever
            self._broken = error
            for follower in [f for waiting in self._waiting.values() for f in waiting.followers]:
                if not follower.future.done():
                    follower.future.set_exception(RuntimeError("the watch broke off"))
            raise
        return self.looks

    async def _step(self) -> None:
        """One look when its time has come; without anybody waiting, wait for somebody."""
        if not self._waiting:
            self._looked_at = None
            self._joined.clear()
            await self._joined.wait()
            return
        look = self._next()
        if look.at <= self._clock.monotonic():
            await self._carry_out(look)
        elif await self._joins_before(look.at):
            # A newcomer is first looked at after `FLOOR`: planning anew is not due before, however many join.
            hurried = min(waiting.deadline for waiting in self._waiting.values()) if self._waiting else 0.0
            await self._sleep_until(min(look.at, hurried, self._clock.monotonic() + FLOOR))
        else:
            await self._carry_out(look)

    def _next(self) -> Look:
        return next_look(
            self._clock.monotonic(),
            [waiting.followed.watched for waiting in self._waiting.values()],
            self._budget,
            self._rng,
            since=self._looked_at,
            took=self._took,
            failures=len(self._failures),
        )

    async def _sleep_until(self, at: float) -> None:
        await self._clock.sleep(max(at - self._clock.monotonic(), 0.0))

    async def _joins_before(self, at: float) -> bool:
        """Wait for the time of a look; True where a job joined first."""
        self._joined.clear()
        sleep = asyncio.ensure_future(self._sleep_until(at))
        join = asyncio.ensure_future(self._joined.wait())
        try:
            await asyncio.wait({sleep, join}, return_when=asyncio.FIRST_COMPLETED)
            return not sleep.done()
        finally:
            sleep.cancel()
            join.cancel()

    async def _carry_out(self, look: Look) -> None:
        tallies = {job_id: waiting.tally for job_id, waiting in self._waiting.items()}
        if not tallies:  # all left since the look was planned
            return
        look = replace(look, ids=tuple(job_id for job_id in look.ids if job_id in tallies))
        sight = await self._looker.look(look, tallies, self._young())
        self.looks += 1
        self._looked_at = self._clock.monotonic()
        self._took = max(sight.requests, 1)
        self._note(sight.error)
        self._see(sight, [*tallies] if len(tallies) == 1 else look.ids)
        self._judge()

    def _young(self) -> frozenset[str]:
        """Jobs that the API may not show yet."""
        born = self._clock.monotonic() - self._tolerance
        return frozenset(k for k, waiting in self._waiting.items() if waiting.followed.watched.started > born)

    def _note(self, error: LeadMoveError | None) -> None:
        if error and not self._failures:
            self._warn(f"a look at the jobs failed, looking again: {error}")
        self._failures = [*self._failures, error] if error else []

    def _see(self, sight: Sight, asked: Sequence[str]) -> None:
        """Take note of what the look showed, and of what it should have shown."""
        now = self._clock.monotonic()
        for job_id in {*(() if sight.error else asked), *sight.rows, *sight.unknown}:
            if not (waiting := self._waiting.get(job_id)):
                continue
            job, before = sight.rows.get(job_id), waiting.followed
            if job is None:
                waiting.followed = before.without_row(now, unknown=job_id in sight.unknown)
                continue
            waiting.followed = before.with_row(job, now)
            self._noticed(job)
            if waiting.followed.odd - before.odd:
                self._warn(f"job {job.id} shows the unknown status «{job.status}»: waiting on")

    def _judge(self) -> None:
        """Tell those whose wait is over, and stop looking for them."""
        now, blind = self._clock.monotonic(), bool(self._failures)
        note = f"looking failed at last: {self._failures[-1]}" if blind else None
        for waiting in list(self._waiting.values()):
            job = waiting.followed.job
            seen = waiting.followed.verdict(now, tolerance=self._tolerance, stall=self._stall, blind=blind)
            if seen is None and self._locked_out():
                seen = Seen(Wait.LOCKED_OUT, job)
            if seen:
                over = [f for f in waiting.followers if seen.wait is not Wait.DEADLINE or f.deadline <= now]
                for follower in over:
                    follower.tell(Seen(seen.wait, seen.job, seen.note or note))
                self._leave(waiting, over)

    def _leave(self, waiting: _Waiting, over: Sequence[_Follower]) -> None:
        waiting.followers = [follower for follower in waiting.followers if follower not in over]
        job_id = waiting.followed.watched.key
        if waiting.followers:
            waiting.changed()
        elif self._waiting.get(job_id) is waiting:  # somebody else may wait for it anew
            del self._waiting[job_id]

    def _locked_out(self) -> bool:
        latest = self._failures[-REFUSALS:]
        return len(latest) == REFUSALS and all(map(_lost_rights, latest))


def _lost_rights(error: LeadMoveError) -> bool:
    return isinstance(error, Refused) and not isinstance(error, NotFound | Throttled)
