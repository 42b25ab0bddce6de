"""Reading the job list to settle a doubt: baselines before a POST, candidates after it."""

from collections.abc import Callable, Sequence

from leadmoves.api import Instantly, JobQuery
from leadmoves.jobs import Job, parse_job
from leadmoves.ledger.baseline import MARGIN, Baseline, created_at

# Rows carry up to 10,000 addresses each: a look for one source asks for few, a look for many for a full page.
FEW, MANY = 25, 100
# Sources a request may name: 50 uuids are 1,900 characters of URL, a quarter of what proxies commonly take.
SOURCES = 50
# Pages that one look reads at most: 2,500 jobs of one source within five minutes.
PAGES = 25

# Jobs that still hold their campaigns and lists.
RUNNING = ("pending", "in-progress", "draining", "paused")


class JobList:
    """Looks at the newest jobs of some sources."""

    def __init__(self, api: Instantly) -> None:
        self._api = api

    async def since(self, job_type: str, source: str | None, baseline: Baseline) -> list[Job]:
        """All jobs of a source that the baseline does not rule out by their age."""
        query = JobQuery(type=job_type, entity_id=_listed(source), limit=FEW)
        return await self._read(query, baseline.older)

    async def holder(self, job_type: str, resources: Sequence[str]) -> Job | None:
        """A running job that holds one of these resources (any job of the type where none is named)."""
        running = await self._api.list_jobs(JobQuery(type=job_type, status=RUNNING))
        jobs = [job for job in map(parse_job, running.items) if job and not job.ended]
        return next((job for job in jobs if not resources or touched(job) & set(resources)), None)

    async def newest(self, job_type: str, sources: Sequence[str], limit: int) -> list[Job]:
        """The newest jobs of some sources (of all, where none is named), newest first."""
        newest: list[float] = []

        def old(job: Job) -> bool:
            created = created_at(job)
            if created is not None:
                newest.append(created)
            return created is not None and created < max(newest) - MARGIN

        return await self._read(JobQuery(type=job_type, entity_id=tuple(sources), limit=limit), old)

    async def _read(self, query: JobQuery, stop: Callable[[Job], bool]) -> list[Job]:
        found: list[Job] = []
        async for job in self._api.jobs(query):
            if stop(job) or len(found) >= PAGES * query.limit:
                break
            found.append(job)
        return found


def touched(job: Job) -> set[str]:
    """The campaigns and lists that a move job holds."""
    ends = (job.entity_id, job.filters.get("to_campaign_id"), job.filters.get("to_list_id"))
    return {str(end).lower() for end in ends if end}


def _listed(source: str | None) -> tuple[str, ...]:
    return (source,) if source else ()
