"""What a look means for one job: pure decisions over a frozen record.

row, ended ................... over: ended
row, paused or draining ...... wait on
row, unknown status .......... wait on, and say so once
row, no change for STALL ..... over: stalled (a paused job may stand still)
no row, just submitted ....... wait on: the API may not know it yet
no row, long after ........... over: unknown, when it was so several times in a row
look failed .................. nothing is known; the deadline still counts
"""

from dataclasses import dataclass, field, replace
from enum import StrEnum

from leadmoves.jobs import KNOWN, Job
from leadmoves.watch.cadence import Watched

# No change of status, progress or updated_at for so long is a standstill (seconds). Nobody has published how
# long a large move pauses between steps; ten minutes is the longest duration that anybody claims for 1,000 leads.
STALL = 600.0
# One 404 may be an edge that was misled for a moment; so many in a row are not (looks).
STRIKES = 3


class Wait(StrEnum):
    """Why waiting is over."""

    ENDED = "ended"  # the job has a terminal status
    STALLED = "stalled"
    DEADLINE = "deadline"
    UNKNOWN = "unknown"  # the API does not know the job, long after it was accepted
    LOCKED_OUT = "locked-out"  # looking is refused (401, 402, 403)


@dataclass(frozen=True)
class Seen:
    """The end of a wait: why, and the job as last seen, if it ever was."""

    wait: Wait
    job: Job | None
    note: str | None = None


@dataclass(frozen=True)
class Followed:
    """One job that somebody waits for. Times are monotonic seconds.

    Attributes:
        changed: when status, progress or updated_at was last seen to change.
        missing: times in a row that the API said that it does not know the job.
        odd: unknown statuses that were told already.

    """

    watched: Watched
    changed: float
    job: Job | None = None
    missing: int = 0
    odd: frozenset[str] = field(default_factory=frozenset)

    def with_row(self, job: Job, now: float) -> "Followed":
        return replace(
            self,
            watched=self.watched.looked(now, job.progress if job.tells_progress else None),
            changed=now if _differs(job, self.job) else self.changed,
            job=job,
            missing=0,
            odd=self.odd if job.status in KNOWN else self.odd | {job.status},
        )

    def without_row(self, now: float, *, unknown: bool) -> "Followed":
        """A look that worked and did not show the job. `unknown`: the API was asked for it by id and said 404."""
        return replace(self, watched=self.watched.looked(now), missing=self.missing + 1 if unknown else 0)

    def until(self, deadline: float) -> "Followed":
        """The same job, waited for until then."""
        return replace(self, watched=replace(self.watched, deadline=deadline))

    def verdict(self, now: float, *, tolerance: float, stall: float, blind: bool) -> Seen | None:
        """Whether waiting is over.

        Args:
            tolerance: seconds after the submit for which a job may be unknown.
            stall: seconds without a change that count as a standstill.
            blind: the last look failed, so a standstill cannot be told.

        """
        if self.job is not None and self.job.ended:
            return Seen(Wait.ENDED, self.job)
        if self.missing >= STRIKES and now - self.watched.started > tolerance:
            return Seen(Wait.UNKNOWN, self.job, "the API does not know this job any more")
        if now >= self.watched.deadline:
            return Seen(Wait.DEADLINE, self.job)
        still = now - self.changed
        if still >= stall and not blind and not _paused(self.job):
            return Seen(Wait.STALLED, self.job, f"no change for {still:.0f} s")
        return None


def _differs(job: Job, before: Job | None) -> bool:
    said = (job.status, job.progress, job.updated_at)
    return before is None or said != (before.status, before.progress, before.updated_at)


def _paused(job: Job | None) -> bool:
    """A paused job waits for quota or for somebody's rights: standing still is what it does."""
    return job is not None and job.status == "paused"
