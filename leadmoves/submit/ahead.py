"""Baselines ahead of time: who needs one reads those of the next sources with it, in one request.

requests for n moves = n / 50 while the look is younger than the moves that begin; a look too old is made again
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from leadmoves.clock import Clock
from leadmoves.jobs import Job
from leadmoves.ledger.baseline import created_at
from leadmoves.submit.joblist import FEW, MANY, SOURCES, JobList

# A baseline stays good for so long (seconds): what strangers start meanwhile can only raise a doubt.
FRESH = 60.0


@dataclass(frozen=True)
class _Seen:
    """What the list showed of one source, and the newest job of all, whose age bounds later looks."""

    at: float  # monotonic seconds
    jobs: list[Job]


class LookAhead:
    """Of one process."""

    def __init__(self, jobs: JobList, clock: Clock) -> None:
        self._jobs = jobs
        self._clock = clock
        self._expected: Counter[str] = Counter()  # moves by source, in the order in which they are likely to come
        self._seen: dict[str, _Seen] = {}
        self._looking: dict[str, asyncio.Task[None]] = {}

    def expect(self, sources: Iterable[str]) -> None:
        """Say from where moves will come."""
        self._expected.update(sources)

    async def before(self, job_type: str, source: str | None) -> list[Job]:
        """The newest jobs of a source; of the workspace where it is None.

        Raises:
            ApiError: the list could not be read.

        """
        if source is None:
            return await self._jobs.newest(job_type, (), FEW)
        self._came(source)
        while not self._fresh(source):
            look = self._looking.get(source) or self._look(job_type, source)
            await asyncio.shield(look)  # others wait for it too: who is cancelled must not end it
        return self._seen.pop(source).jobs  # once: who tries again later must not miss what began meanwhile

    def _came(self, source: str) -> None:
        self._expected[source] -= 1
        if self._expected[source] <= 0:
            del self._expected[source]

    def _look(self, job_type: str, source: str) -> asyncio.Task[None]:
        some = [source, *islice((one for one in self._next() if one != source), SOURCES - 1)]
        look = asyncio.create_task(self._read(job_type, some))
        self._looking |= dict.fromkeys(some, look)
        return look

    def _next(self) -> Iterator[str]:
        return (one for one in self._expected if not self._fresh(one) and one not in self._looking)

    async def _read(self, job_type: str, some: list[str]) -> None:
        try:
            jobs = await self._jobs.newest(job_type, some, MANY if len(some) > 1 else FEW)
        finally:
            for source in some:
                del self._looking[source]
        slim = [job.without_addresses() for job in jobs]
        newest = max(slim, key=lambda job: created_at(job) or 0.0, default=None)
        at = self._clock.monotonic()
        for source in some:
            self._seen[source] = _Seen(at, [job for job in slim if job is newest or _of(job, source)])

    def _fresh(self, source: str) -> bool:
        seen = self._seen.get(source)
        return seen is not None and self._clock.monotonic() - seen.at < FRESH


def _of(job: Job, source: str) -> bool:
    """A job that does not name its source may be anybody's."""
    return job.entity_id is None or job.entity_id.lower() == source.lower()
