"""A virtual time line: jobs are submitted, run and end; a policy looks; requests and lags are counted.

The network takes no time and loses nothing. Every POST and every look of ours passes one pace of `BUDGET` requests
a second, looks first. Peers look unpaced, as they do. The baseline before the first POST costs a page for each 100
sources. An ended job's counters come with its row, so no further request follows.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush, nlargest
from itertools import count
from math import ceil, floor, inf
from random import Random

from bench.lengths import Curve, Lags, lags
from bench.peers import Schedule
from leadmoves.watch.cadence import FLOOR, PAGE, SCALE, SHARE, Look, Watched, crowd_interval, jittered, next_look

BUDGET = 80.0  # requests a second, the project's default
OVERLAP = 1.0  # s; a feed is read back so far behind the previous look, for rows that show late

Decide = Callable[..., Look]


@dataclass(frozen=True)
class Counted:
    """What a policy cost, all requests included, and how fresh it was."""

    requests: float  # a job
    lag: Lags
    worst_second: int = 0
    worst_minute: int = 0


def alone_by(schedule: Schedule, lengths: Sequence[float]) -> Counted:
    """Every job on its own, looked at by a peer's schedule; looks only."""
    looks = [list(_until(length, schedule)) for length in lengths]
    late = [times[-1] - length for times, length in zip(looks, lengths, strict=True)]
    return Counted(sum(map(len, looks)) / len(lengths), lags(late))


def alone_by_us(lengths: Sequence[float], rng: Random, curve: Callable[[Random], Curve] | None = None) -> Counted:
    """Every job on its own, looked at by `next_look`; looks only."""
    looks, late = 0, []
    for length in lengths:
        done = curve(rng) if curve else None
        job, at = Watched("job", 0.0), 0.0
        while (at := next_look(at, [job], BUDGET, rng, since=job.seen).at) < length:
            job = job.looked(at, floor(100 * done(at / length)) if done else None)
            looks += 1
        late.append(at - length)
    return Counted(1 + looks / len(lengths), lags(late))  # 1: the look that saw the end


def many_by_get(every: float, lengths: Sequence[float]) -> Counted:
    """One GET a job at a fixed interval, as everybody does."""
    posts = [i / BUDGET for i in range(len(lengths))]
    times = [
        post + at for post, length in zip(posts, lengths, strict=True) for at in _until(length, lambda _: every)
    ]
    late = [every * ceil(length / every) - length for length in lengths]
    return _counted(posts + times, late)


def many_by_list(every: float, lengths: Sequence[float]) -> Counted:
    """One list call for each 100 open jobs at a fixed interval."""
    posts = [i / BUDGET for i in range(len(lengths))]
    ends = [post + length for post, length in zip(posts, lengths, strict=True)]
    finished, times = sorted(ends), list(posts)
    for tick in (every * n for n in range(1, ceil(finished[-1] / every) + 1)):
        # A job that ended since the last tick is still asked for in this one.
        asked = bisect_right(posts, tick) - bisect_right(finished, tick - every)
        times += [tick] * ceil(asked / PAGE)
    return _counted(times, [every * ceil(end / every) - end for end in ends])


@dataclass
class Crowd:
    """Many jobs watched by a policy of ours while the next ones are still submitted."""

    lengths: Sequence[float]
    rng: Random
    decide: Decide = next_look
    curves: Sequence[Curve] | None = None
    sent: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    running: dict[str, Watched] = field(default_factory=dict)
    ends: dict[str, float] = field(default_factory=dict)
    ending: list[tuple[float, str]] = field(default_factory=list)
    read_to: float = 0.0

    def run(self) -> Counted:
        for _ in range(ceil(len(self.lengths) / PAGE)):
            self._request(0.0)  # the baseline
        wake, since, took = inf, None, 1
        while len(self.late) < len(self.lengths):
            if len(self.ends) < len(self.lengths) and self._free <= wake:
                wake = min(wake, self._post(len(self.ends)) + FLOOR)
                continue
            look = self.decide(wake, list(self.running.values()), BUDGET, self.rng, since=since, took=took)
            if look.at > wake:
                wake = look.at
                continue
            took, since = self._look(look), self.sent[-1]
            wake = since if self.running else inf
        return _counted(self.sent, self.late)

    def _look(self, look: Look) -> int:
        before = len(self.sent)
        if look.feed:
            self._read_feed(look)
        for start in range(0, len(look.ids), PAGE):
            self._read_page(look.at, look.ids[start : start + PAGE])
        return len(self.sent) - before

    @property
    def _free(self) -> float:
        return self.sent[-1] + 1 / BUDGET if self.sent else 0.0

    def _request(self, at: float) -> float:
        self.sent.append(max(at, self._free))
        return self.sent[-1]

    def _post(self, number: int) -> float:
        key, at = f"{number}", self._request(0.0)
        self.running[key] = Watched(key, at)
        self.ends[key] = at + self.lengths[number]
        heappush(self.ending, (self.ends[key], key))
        return at

    def _read_feed(self, look: Look) -> None:
        rows = sum(1 for end in self.ends.values() if self.read_to - OVERLAP < end <= look.at)
        at = [self._request(look.at) for _ in range(min(look.feed, rows // PAGE + 1))][-1]
        self.read_to = look.at
        while self.ending and self.ending[0][0] <= look.at:
            self._ended(heappop(self.ending)[1], at)

    def _read_page(self, at: float, keys: Sequence[str]) -> None:
        at = self._request(at)
        for key in keys:
            if key in self.running and self.ends[key] <= at:
                self._ended(key, at)
            elif key in self.running:
                self.running[key] = self.running[key].looked(at, self._progress(key, at))

    def _ended(self, key: str, at: float) -> None:
        if self.running.pop(key, None):
            self.late.append(at - self.ends[key])

    def _progress(self, key: str, at: float) -> float | None:
        if not self.curves:
            return None
        length = self.lengths[int(key)]
        return floor(100 * self.curves[int(key)](1 - (self.ends[key] - at) / length))


def every_page(  # noqa: PLR0913 - takes what `next_look` takes
    now: float, jobs: Sequence[Watched], budget: float, rng: Random, *, since: float | None = None, took: int = 1
) -> Look:
    """Asks for all open jobs by id at each look."""
    pages = ceil(len(jobs) / PAGE)
    gap = max(crowd_interval([now - job.started for job in jobs], pages), max(pages, took) / (SHARE * budget))
    since = min(job.started for job in jobs) if since is None else since
    return Look(max(now, since + jittered(gap, rng)), tuple(job.key for job in jobs))


def likeliest_page(  # noqa: PLR0913 - takes what `next_look` takes
    now: float, jobs: Sequence[Watched], budget: float, rng: Random, *, since: float | None = None, took: int = 1
) -> Look:
    """Asks for the 100 jobs that have most likely ended since they were seen."""
    pages = ceil(len(jobs) / PAGE)
    gap = crowd_interval([now - job.started for job in jobs], pages) / pages
    since = min(job.started for job in jobs) if since is None else since
    at = max(now, since + jittered(max(gap, took / (SHARE * budget)), rng))
    chosen = nlargest(PAGE, jobs, key=lambda job: (at - job.seen) / (at - job.started + SCALE))
    return Look(at, tuple(job.key for job in chosen))


def _until(length: float, schedule: Schedule) -> Iterator[float]:
    """The times of all looks, the last of them at or after the end."""
    at = 0.0
    for look in count(1):
        at += schedule(look)
        yield at
        if at >= length:
            return


def _counted(times: list[float], late: list[float]) -> Counted:
    times.sort()
    return Counted(len(times) / len(late), lags(late), _worst(times, 1.0), _worst(times, 60.0))


def _worst(times: list[float], window: float) -> int:
    worst, first = 0, 0
    for last, at in enumerate(times):
        while times[first] <= at - window + 1e-9:  # half open; 80 steps of 1/80 s are a second
            first += 1
        worst = max(worst, last - first + 1)
    return worst
