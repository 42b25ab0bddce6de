"""What others' own code runs against: virtual time for a whole process, and a server that makes and tells jobs."""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import SupportsIndex

SEED = 20261123


class VirtualTime:
    """Stands in for the clock of this process."""

    now = 0.0

    def sleep(self, seconds: float | SupportsIndex) -> None:
        self.now += float(seconds)

    def time(self) -> float:
        return self.now

    def date(self) -> datetime:
        return datetime.fromtimestamp(self.now, UTC)

    def install(self) -> None:
        time.sleep, time.time, time.monotonic = self.sleep, self.time, self.time


CLOCK = VirtualTime()


@dataclass
class Server:
    """Makes jobs, tells whether they are done, counts both and notes how late each end was told."""

    lengths: list[float]
    latency: float = 0.0
    lost: float = 0.0  # part of the creates whose answer never comes
    rng: Random = field(default_factory=lambda: Random(SEED))
    ends: list[float] = field(default_factory=list)
    late: dict[int, float] = field(default_factory=dict)
    times: list[float] = field(default_factory=list)

    def create(self, number: int = 0) -> int:
        self._request()
        self.ends.append(CLOCK.now + self.lengths[number])
        if self.rng.random() < self.lost:
            raise ConnectionError("the answer was lost")
        return len(self.ends) - 1

    def done(self, job: int) -> bool:
        self._request()
        over = CLOCK.now >= self.ends[job]
        if over:
            self.late.setdefault(job, CLOCK.now - self.ends[job])
        return over

    def _request(self) -> None:
        self.times.append(CLOCK.now)
        CLOCK.sleep(self.latency)
