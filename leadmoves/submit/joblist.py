"""Reading the job list to settle a doubt: baselines before a POST, candidates after it."""

from collections.abc import Callable, Iterable, Sequence

from leadmoves.api import Instantly, JobQuery
from leadmoves.clock import Clock
from leadmoves.jobs import Job, parse_job
from leadmoves.ledger.baseline import MARGIN, Baseline, created_at

# Rows carry up to 10,000 addresses each: a look for one source asks for few, a look for many for a full page.
FEW, MANY = 25, 100
# Sources a request may name: 50 uuids are 1,900 characters of URL, a quarter of what proxies commonly take.
SOURCES = 50
# A baseline stays good for so long (seconds): what strangers start meanwhile can only raise a doubt.
FRESH = 60.0
# Pages that one look reads at most: 2,500 jobs of one source within five minutes.
PAGES = 25

# Jobs that still hold their campaigns and lists.
RUNNING = ("pending", "in-progress", "draining", "paused")


class JobList:
    """Looks at the newest jobs of some sources, shared where one request can serve many."""

    def __init__(self, api: Instantly, clock: Clock) -> None:
        self._api = api
        self._clock = clock
        self._seen: dict[str, tuple[float, list[Job]]] = {}

    async def look_ahead(self, job_type: str, sources: Iterable[str]) -> None:
        """Read the newest jobs of many sources in one request per 50, for the baselines to come."""
        stale = [source for source in dict.fromkeys(sources) if not self._fresh(source)]
        for start in range(0, len(stale), SOURCES):
            some = stale[start : start + SOURCES]
            jobs = await self._newest(JobQuery(type=job_type, entity_id=some, limit=MANY))
            now = self._clock.monotonic()
            self._seen.update(dict.fromkeys(some, (now, jobs)))

    async def before(self, job_type: str, source: str | None) -> list[Job]:
        """The newest jobs of a source, from memory where a look was made just now."""
        if source is not None and self._fresh(source):
            return self._seen[source][1]
        return await self._newest(JobQuery(type=job_type, entity_id=_listed(source), limit=FEW))

    async def since(self, job_type: str, source: str | None, baseline: Baseline) -> list[Job]:
        """All jobs of a source that the baseline does not rule out by their age."""
        query = JobQuery(type=job_type, entity_id=_listed(source), limit=FEW)
        return await self._read(query, baseline.older)

    async def holder(self, job_type: str, resources: Sequence[str]) -> Job | None:
        """A running job that holds one of these resources (any job of the type where none is named)."""
        running = await self._api.list_jobs(JobQuery(type=job_type, status=RUNNING))
        jobs = [job for job in map(parse_job, running.items) if job and not job.ended]
        return next((job for job in jobs if not resources or touched(job) & set(resources)), None)

    async def _newest(self, query: JobQuery) -> list[Job]:
        newest: list[float] = []

        def old(job: Job) -> bool:
            created = created_at(job)
            if created is not None:
                newest.append(created)
            return created is not None and created < max(newest) - MARGIN

        return await self._read(query, old)

    async def _read(self, query: JobQuery, stop: Callable[[Job], bool]) -> list[Job]:
        found: list[Job] = []
        async for job in self._api.jobs(query):
            if stop(job) or len(found) >= PAGES * query.limit:
                break
            found.append(job)
        return found

    def _fresh(self, source: str) -> bool:
        taken, _ = self._seen.get(source, (float("-inf"), []))
        return self._clock.monotonic() - taken < FRESH


def touched(job: Job) -> set[str]:
    """The campaigns and lists that a move job holds."""
    ends = (job.entity_id, job.filters.get("to_campaign_id"), job.filters.get("to_list_id"))
    return {str(end).lower() for end in ends if end}


def _listed(source: str | None) -> tuple[str, ...]:
    return (source,) if source else ()
