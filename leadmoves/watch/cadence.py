"""When to look next: pure decisions over frozen values; the time comes in, nothing is asked in here.

    one job, blind        τ = √(2·c·(age + A))
    K jobs, one call      τ = √(2·c / Σ 1/(ageᵢ + A))
    progress that moves   τ = ⅔ of what is left; the last second whole; never above four blind intervals

c = 0.5 s of lag is what a request is worth. √(2·c/h) is the best interval for a hazard of h ends a second
(Keller 1974). Nobody knows how long a move takes, so h = 1/(age + A), the hazard of lengths without a scale:
that law costs at most √2 of the best fixed interval in hindsight. Pure √(2·c·age) spends six looks on the
first nine seconds. Recorded jobs were over within half a second, and long ones take minutes: hence one look at
0.5 s, and for what survives it A = 5 s, first gaps of two seconds. A was not fitted: a longer one brings each of
the bench's three distributions nearer to the limit, and each gives up freshness; 5 s stays fresh.

More than a page of jobs is watched by a *feed* instead of by id: the list of ended jobs, latest change first,
read back to the previous look. It costs about one request whatever K is. Since a feed shows neither a stall
nor an odd status, every job is also asked for by id each 30 s, the longest unseen first, a page at a time.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from heapq import nsmallest
from math import ceil, inf, sqrt
from operator import attrgetter
from random import Random
from typing import Self

COST = 0.5  # c: half a second of lag is worth one request
FLOOR = 0.5  # s; below this the round trip itself is most of the lag
CEILING = 30.0  # s; a job is never out of sight for longer
SCALE = 5.0  # A, s: see above
PAGE = 100  # rows; the API's largest page
SHARE = 0.1  # of the request budget may go into looking; the rest is for moving
JITTER = 0.1  # breaks lockstep between workers, for 0.3 % more lag

STRIDE = 2 / 3  # of the time left: two looks correct a crooked curve before its end
HOME = 1.0  # s left: now aim at the end itself
MARGIN = 0.25  # s behind a predicted end; progress is rounded, a look just before the end is wasted
REACH = 4.0  # blind intervals; how far a prediction may put a look off, should the job end early
TRIES = 12  # looks that a prediction may win over the blind law; of the bench, honest curves need five at most


def interval(age: float, cost: float = COST, floor: float = FLOOR, ceiling: float = CEILING) -> float:
    """Seconds from a look at a job of this age to the next, when nothing else is known."""
    return min(max(sqrt(2 * cost * (max(age, 0.0) + SCALE)), floor), ceiling)


def crowd_interval(ages: Iterable[float], requests: int = 1, cost: float = COST) -> float:
    """As `interval`, for many jobs that one look of so many requests answers together."""
    hazard = sum([1 / (max(age, 0.0) + SCALE) for age in ages])
    return min(max(sqrt(2 * cost * requests / hazard), FLOOR), CEILING) if hazard else CEILING


def jittered(seconds: float, rng: Random) -> float:
    return seconds * rng.uniform(1 - JITTER, 1 + JITTER)


@dataclass(frozen=True, slots=True)
class Sighting:
    """What a row said of a job's progress (0 to 100), and when."""

    at: float
    progress: float


@dataclass(frozen=True, slots=True)
class Watched:
    """A job that has not ended, and as much of its past as the next look needs.

    Attributes:
        key: names the job in a `Look`.
        started: when it was submitted.
        deadline: when to stop waiting for it.
        last: the latest sighting.
        before: the latest one with less progress; from there to `last` is its present speed.
        moved: when its progress was first seen where it is.
        early: looks at it that a prediction put before the blind law's and that found it running.

    """

    key: str
    started: float
    deadline: float = inf
    last: Sighting | None = None
    before: Sighting | None = None
    moved: float = -inf
    early: int = 0

    @property
    def seen(self) -> float:
        """When its row was last read; its start, before that."""
        return self.last.at if self.last else self.started

    @property
    def blind(self) -> float:
        """Seconds from `seen` to the next look by age alone; the first falls at half a second."""
        return interval(self.seen - self.started) if self.last else FLOOR

    @property
    def left(self) -> float | None:
        """Seconds from `seen` to the predicted end; None where progress is no guide."""
        if not self.last or self.last.progress <= 0 or self.early >= TRIES:
            return None
        before = self.before or Sighting(self.started, 0.0)
        overall = self.last.progress / max(self.last.at - self.started, FLOOR)
        of_late = (self.last.progress - before.progress) / max(self.last.at - before.at, FLOOR)
        speed = (overall + of_late) / 2
        return (100 - self.last.progress) / speed if speed > 0 else None  # a denormal halves to nothing

    @property
    def wait(self) -> float:
        """Seconds from `seen` to the next look at this job, were it alone."""
        left = self.left
        if left is None:
            return self.blind
        aim = (left if left < HOME else STRIDE * left) + MARGIN
        # Progress at a standstill, at 99 or at 100 too: a job of unknown length again, as old as the standstill.
        standstill = sqrt(2 * COST * max(self.seen - self.moved, 0.0))
        return min(max(aim, standstill, FLOOR), REACH * self.blind, CEILING)

    @property
    def due(self) -> float:
        return self.seen + self.wait

    def looked(self, at: float, progress: float | None = None) -> Self:
        """The same job after a look that found it running; no progress where the row had none, or was missing.

        Progress that goes backwards or leaves 0 to 100 lies: this job is watched blind from now on.
        """
        known = self.last.progress if self.last else 0.0
        said = known if progress is None else progress
        if not known <= said <= 100:  # noqa: PLR2004 - per cent. NaN lands here too.
            return replace(self, last=Sighting(at, known), early=TRIES)
        hasty = self.wait < self.blind and at >= self.due
        after = replace(self, last=Sighting(at, said), early=self.early + hasty)
        return replace(after, before=self.last, moved=at) if said > known else after


@dataclass(frozen=True, slots=True)
class Look:
    """The next look, as data.

    Attributes:
        at: when.
        ids: whose rows to ask for by id, `PAGE` to a request.
        feed: ask first for what ended since the previous look, at most so many pages; 0: do not.
        last: whose deadline this is; no later look is for them. All of them are in `ids`.

    """

    at: float
    ids: tuple[str, ...]
    feed: int = 0
    last: frozenset[str] = frozenset()

    @property
    def requests(self) -> int:
        """How many this look takes, when one page of the feed is enough."""
        return min(self.feed, 1) + ceil(len(self.ids) / PAGE)


def next_look(  # noqa: PLR0913 - the facts of one decision; three have a plain default
    now: float,
    jobs: Sequence[Watched],
    budget: float,
    rng: Random,
    *,
    since: float | None = None,
    took: int = 1,
    failures: int = 0,
) -> Look:
    """When to look next, and what to ask.

    Ask again when a look is over, and at most `FLOOR` after a job has joined. A look is no later than `CEILING`
    after the previous one (plus `FLOOR`, where a deadline draws it to itself).

    Args:
        now: the answer is never before it.
        jobs: all that have not ended; at least one.
        budget: requests a second that the whole process may make.
        rng: for the jitter.
        since: when the previous look was made, whether it failed or not; None before the first.
        took: requests that it took.
        failures: looks that failed in a row; each doubles the least gap, to spare a server in trouble.

    """
    since = min([job.started for job in jobs]) if since is None else since
    ages = [now - job.started for job in jobs]
    crowd = len(jobs) > PAGE
    gap = crowd_interval(ages)
    swept = _longest_unseen(jobs, since + gap, gap) if crowd else [job.key for job in jobs]
    pages = crowd + ceil(len(swept) / PAGE)
    least = max(FLOOR * 2 ** min(failures, 6), max(pages, took) / (SHARE * budget))
    wish = jittered(gap, rng) if crowd else _page_wish(jobs, since, rng)
    at = max(now, since + min(max(wish, least), CEILING))
    return _kept_to_deadlines(Look(at, tuple(swept), ceil(len(jobs) / PAGE) if crowd else 0), now, jobs)


def _page_wish(jobs: Sequence[Watched], since: float, rng: Random) -> float:
    """Seconds after the previous look that suit up to a page of jobs, some predictable, some blind."""
    guided = [job.due for job in jobs if not job.last or job.left is not None]
    blind = [since - job.started for job in jobs if job.last and job.left is None]
    together = crowd_interval([since - job.started for job in jobs])
    # Many predicted ends, each met exactly, would cost more than the lag they save: meet them in groups.
    grouped = min(together, 2 * COST) if len(jobs) > 1 else FLOOR
    soonest = max(min(guided, default=inf) - since, grouped)
    return min(soonest, jittered(crowd_interval(blind), rng))


def _longest_unseen(jobs: Sequence[Watched], at: float, gap: float) -> list[str]:
    """Whom to ask for by id besides the feed: nobody until someone was out of sight for `CEILING`."""
    if at - min([job.seen for job in jobs]) < CEILING:
        return []
    pages = ceil(len(jobs) * gap / (PAGE * CEILING))  # so that all come round in that time
    return [job.key for job in nsmallest(pages * PAGE, jobs, key=attrgetter("seen"))]


def _kept_to_deadlines(look: Look, now: float, jobs: Sequence[Watched]) -> Look:
    """Moved to the first deadline where it would pass it, or come so close that no other fits between."""
    first = min([job.deadline for job in jobs])
    if look.at <= first - FLOOR:
        return look
    at = max(now, first)
    # Deadlines that follow within the floor share this last look: a thousand deadlines are no thousand looks.
    last = [job.key for job in jobs if job.deadline <= at + FLOOR]
    return replace(look, at=at, ids=tuple(dict.fromkeys((*look.ids, *last))), last=frozenset(last))
