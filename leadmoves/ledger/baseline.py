"""Which job is ours: what the list showed before we sent, and what may be new since.

ours  = same source, same request (`data.filters` echoes it), not in the baseline, not claimed by another row
maybe = the same, but the echo says more than our request, or nothing: never adopted, and never ruled out

No clock of ours is compared with the API's: only the API's own `created_at` with the API's own.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict

from leadmoves.jobs import Job

# How far the API's machines may disagree among themselves about `created_at` (seconds): generous, for it
# only saves reading old pages.
MARGIN = 300.0

Same = Callable[[Mapping[str, Any], Mapping[str, Any]], bool]


class Baseline(BaseModel):
    """What the job list showed before the first POST.

    Attributes:
        ids: jobs that match the request already.
        newest: the newest `created_at` seen, seconds since 1970 by the API's clock; None where none was.

    """

    model_config = ConfigDict(frozen=True)

    ids: frozenset[str] = frozenset()
    newest: float | None = None

    def with_ids(self, ids: Iterable[str]) -> Self:
        """The same, knowing more jobs that are not ours."""
        return self.model_copy(update={"ids": self.ids.union(ids)})

    def older(self, job: Job) -> bool:
        """Created before anything that could be ours; the list is newest first, so reading may stop."""
        created = created_at(job)
        return self.newest is not None and created is not None and created < self.newest - MARGIN


def baseline_of(jobs: Iterable[Job], source: str | None, body: Mapping[str, Any], same: Same) -> Baseline:
    """The baseline of a request, from a look at the newest jobs."""
    seen = list(jobs)
    newest = max((c for c in map(created_at, seen) if c is not None), default=None)
    return Baseline(ids=frozenset(job.id for job in seen if matches(job, source, body, same)), newest=newest)


def matches(job: Job, source: str | None, body: Mapping[str, Any], same: Same) -> bool:
    """Whether a job may come from this request. `source` None: the workspace's, not compared."""
    if source is not None and job.entity_id is not None and job.entity_id.lower() != source.lower():
        return False
    return same(body, job.filters)


def maybe_matches(job: Job, source: str | None, body: Mapping[str, Any], same: Same) -> bool:
    """Whether a job that does not match may still come from this request.

    So it is where the API no longer echoes the request, or adds keys of its own to the echo: the day that it
    begins to, we must doubt rather than send again.
    """
    if source is not None and job.entity_id is not None and job.entity_id.lower() != source.lower():
        return False
    echoed = {key: value for key, value in job.filters.items() if _snake(key) in body}
    return not job.filters or same(body, echoed)


def _snake(key: str) -> str:
    """A warmup job echoes its body in camelCase."""
    return re.sub("[A-Z]", lambda found: "_" + found[0].lower(), key)


def created_at(job: Job) -> float | None:
    return job.created_at.timestamp() if job.created_at else None
