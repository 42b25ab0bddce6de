"""Exact sliding windows: at most L requests in any W seconds; and what was seen of them.

admitted at t  ⇔  |{admitted in (t - W, t]}| < L, for every window at once
"""

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.jobs import Job

if TYPE_CHECKING:
    from collections.abc import Iterable

SECOND, MINUTE = 1.0, 60.0


@dataclass(slots=True)
class Window:
    """The requests of the last so many seconds, and the most that ever were in it."""

    seconds: float
    times: deque[float] = field(default_factory=deque)
    worst: int = 0

    def count(self, now: float) -> int:
        while self.times and self.times[0] <= now - self.seconds:
            self.times.popleft()
        return len(self.times)

    def record(self, now: float) -> None:
        self.times.append(now)
        self.worst = max(self.worst, self.count(now))


@dataclass(slots=True)
class Limits:
    """The vendor's two windows over the whole workspace; None switches one off."""

    per_second: int | None = 100
    per_minute: int | None = 6_000
    _second: Window = field(default_factory=lambda: Window(SECOND))
    _minute: Window = field(default_factory=lambda: Window(MINUTE))

    def admit(self, now: float) -> bool:
        """Whether a request passes; one that does not, takes no place."""
        windows = ((self._second, self.per_second), (self._minute, self.per_minute))
        if any(limit is not None and window.count(now) >= limit for window, limit in windows):
            return False
        for window, _ in windows:
            window.record(now)
        return True


@dataclass(slots=True)
class Stats:
    """What clients did, measured from the API's side: every request that was made counts, lost ones too."""

    requests: Counter[str] = field(default_factory=Counter)
    second: Window = field(default_factory=lambda: Window(SECOND))
    minute: Window = field(default_factory=lambda: Window(MINUTE))
    throttled: int = 0  # 429 that the client brought about itself
    throttled_by_fault: int = 0

    def arrived(self, endpoint: str, now: float) -> None:
        self.requests[endpoint] += 1
        self.second.record(now)
        self.minute.record(now)

    def delivered(self, seen_ended: "Iterable[Job]", now: float) -> None:
        """An answer reached the client whole: from now on it knows that these jobs ended."""
        for job in seen_ended:
            if job.first_seen_ended is None:
                job.first_seen_ended = now

    def as_json(self, jobs: "Iterable[Job]", now: float) -> dict[str, Any]:
        rows = [job_row(job, now) for job in jobs]
        return {
            "requests": dict(self.requests),
            "requests_total": self.requests.total(),
            "worst_second": self.second.worst,
            "worst_minute": self.minute.worst,
            "throttled": self.throttled,
            "throttled_by_fault": self.throttled_by_fault,
            "jobs_created": len(rows),
            "jobs": rows,
        }


def job_row(job: Job, now: float) -> dict[str, Any]:
    """A job as it truly is, in seconds of the sandbox's own clock; lag = first_seen_ended_at - ended_at."""
    seen = job.look(now)
    ended = seen.updated if seen.terminal else None
    return {
        "id": job.id,
        "type": job.type,
        "filters": job.filters,
        "created_at": job.life.created,
        "outcome": seen.status,
        "ended_at": ended,
        "first_seen_ended_at": job.first_seen_ended,
        "lag": None if ended is None or job.first_seen_ended is None else job.first_seen_ended - ended,
        "total_leads": job.result.get("total_leads"),
        "moved_leads": job.result.get("moved_leads"),
    }
