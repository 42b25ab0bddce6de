"""Follow many jobs with few requests: one loop looks for all, whoever waits for a job is told of its end.

A failed look is not a failed job, and giving up waiting is not cancelling: the job goes on.
"""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from leadmoves.api import Instantly
from leadmoves.api.tally import Tally
from leadmoves.clock import Clock
from leadmoves.errors import ApiError, NotFound, Refused, Throttled
from leadmoves.jobs import Job
from leadmoves.watch.cadence import Look, Watched, next_look
from leadmoves.watch.followed import STALL, Followed, Seen, Wait
from leadmoves.watch.looker import Looker, Sight

# A key that lost its rights will not get them back while we wait: so many refusals in a row end the wait.
REFUSALS = 3


@dataclass
class _Waiting:
    """Somebody who waits for a job."""

    followed: Followed
    tally: Tally
    future: "asyncio.Future[Seen]"


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
        self._looked_at: float | None = None
        self._took = 1
        self._failures: list[ApiError] = []  # in a row
        self.looks = 0

    async def follow(self, job_id: str, *, started: float, deadline: float, tally: Tally) -> Seen:
        """Wait for the end of a job, or for the end of waiting.

        Args:
            job_id: as the submit gave it.
            started: monotonic seconds of its submit; may lie before this process began.
            deadline: monotonic seconds; one last look falls there.
            tally: where its share of the requests is counted.

        """
        if already := self._waiting.get(job_id):  # two moves may wait for one warmup
            return await asyncio.shield(already.future)
        future: asyncio.Future[Seen] = asyncio.get_running_loop().create_future()
        followed = Followed(Watched(job_id, started, deadline), changed=self._clock.monotonic())
        self._waiting[job_id] = _Waiting(followed, tally, future)
        self._joined.set()
        try:
            return await future
        finally:
            self._waiting.pop(job_id, None)

    def close(self) -> None:
        """Let `run` return as soon as nobody waits."""
        self._closed = True
        self._joined.set()

    async def run(self) -> int:
        """Look until closed; returns how many looks it took."""
        while True:
            self._joined.clear()
            if self._waiting:
                look = self._next()
                if await self._nobody_joins_before(look.at):
                    await self._carry_out(look)
            elif self._closed:
                return self.looks
            else:
                self._looked_at = None
                await self._joined.wait()

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

    async def _nobody_joins_before(self, at: float) -> bool:
        """Wait for the time of a look. False where a job joined first: the look must be planned anew."""
        sleep = asyncio.ensure_future(self._clock.sleep(max(at - self._clock.monotonic(), 0.0)))
        join = asyncio.ensure_future(self._joined.wait())
        try:
            await asyncio.wait({sleep, join}, return_when=asyncio.FIRST_COMPLETED)
            return sleep.done()
        finally:
            sleep.cancel()
            join.cancel()

    async def _carry_out(self, look: Look) -> None:
        tallies = {job_id: waiting.tally for job_id, waiting in self._waiting.items()}
        before = sum(tally.look for tally in tallies.values())
        sight: Sight | None = None
        try:
            sight = await self._looker.look(look, tallies, self._young())
            self._failures = []
        except ApiError as error:
            self._note(error)
        self.looks += 1
        self._looked_at = self._clock.monotonic()
        self._took = max(sum(tally.look for tally in tallies.values()) - before, 1)
        if sight:
            self._see(sight, [*tallies] if len(tallies) == 1 else look.ids)
        self._judge(list(self._waiting.values()))

    def _young(self) -> frozenset[str]:
        """Jobs that the API may not show yet."""
        born = self._clock.monotonic() - self._tolerance
        return frozenset(k for k, waiting in self._waiting.items() if waiting.followed.watched.started > born)

    def _note(self, error: ApiError) -> None:
        if not self._failures:
            self._warn(f"a look at the jobs failed, looking again: {error}")
        self._failures.append(error)

    def _see(self, sight: Sight, asked: Sequence[str]) -> None:
        """Take note of what the look showed, and of what it should have shown."""
        now = self._clock.monotonic()
        for job_id in {*asked, *sight.rows}:
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

    def _judge(self, everybody: Sequence[_Waiting]) -> None:
        """Tell those whose wait is over, and stop looking for them."""
        now = self._clock.monotonic()
        note = f"looking failed at last: {self._failures[-1]}" if self._failures else None
        for waiting in everybody:
            seen = waiting.followed.verdict(
                now, tolerance=self._tolerance, stall=self._stall, blind=bool(self._failures)
            )
            if seen is None and self._locked_out():
                seen = Seen(Wait.LOCKED_OUT, waiting.followed.job)
            if seen and not waiting.future.done():
                waiting.future.set_result(Seen(seen.wait, seen.job, seen.note or note))
                self._waiting.pop(waiting.followed.watched.key, None)

    def _locked_out(self) -> bool:
        latest = self._failures[-REFUSALS:]
        return len(latest) == REFUSALS and all(map(_lost_rights, latest))


def _lost_rights(error: ApiError) -> bool:
    return isinstance(error, Refused) and not isinstance(error, NotFound | Throttled)
