"""Who hears how a run goes: the flow's log, Prefect events, a progress artifact, and whoever runs it by hand."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Protocol

from prefect.artifacts import acreate_progress_artifact, aupdate_progress_artifact
from prefect.events import emit_event

from leadmoves.decisions import Decided, Decision
from leadmoves.jobs import Job
from leadmoves.outcome.report import MoveReport

if TYPE_CHECKING:
    from uuid import UUID

# The decisions that are worth an event; the outcome is one more, at the end (in doubt is an outcome).
EVENTS = {
    Decided.INTENDED: "intended",
    Decided.ACCEPTED: "sent",
    Decided.ADOPTED: "adopted",
    Decided.RESUMED: "resumed",
}
REFRESH = 2.0  # seconds between updates of the progress artifact; one costs the server 6 ms


class Audience(Protocol):
    """Whoever started a run by hand and looks on.

    Attributes:
        links: the Prefect server of the run has a UI to link to.
        tells: shows the outcome to a person itself, and says so in the ledger after that.

    """

    links: bool
    tells: bool

    def planned(self, moves: int) -> None:
        """A run of so many moves begins."""
        ...

    def decided(self, decision: Decision) -> None: ...

    def noticed(self, job: Job) -> None:
        """A look showed this job."""
        ...

    def warned(self, text: str) -> None: ...

    def told(self, report: MoveReport) -> None:
        """A move is over."""
        ...


class Nobody:
    """A run that nobody looks at."""

    links = True
    tells = False

    def planned(self, moves: int) -> None: ...
    def decided(self, decision: Decision) -> None: ...
    def noticed(self, job: Job) -> None: ...
    def warned(self, text: str) -> None: ...
    def told(self, report: MoveReport) -> None: ...


audience: ContextVar[Audience] = ContextVar("audience", default=Nobody())  # noqa: B039 - it holds no state


@contextmanager
def watched_by(somebody: Audience) -> Iterator[None]:
    """Flows that run inside tell this audience."""
    token = audience.set(somebody)
    try:
        yield
    finally:
        audience.reset(token)


def emit(name: str, key: str, title: str, payload: dict[str, object]) -> None:
    """One event `lead-move.<name>` on the resource of a move; queued, it never waits for the server."""
    resource = {"prefect.resource.id": f"lead-move.{key}", "prefect.resource.name": title}
    emit_event(f"lead-move.{name}", resource=resource, payload=payload)


def emit_decision(decision: Decision) -> None:
    """The event of a decision, where it is worth one."""
    if name := EVENTS.get(decision.decided):
        emit(name, decision.key, decision.name, dict(decision.details))


class ProgressArtifact:
    """One progress artifact a run: the mean of what its jobs show, refreshed now and then."""

    def __init__(self, moves: int, key: str) -> None:
        self._key = key
        self._done = {"moves": moves, "ended": 0}
        self._running: dict[str, float] = {}
        self._id: UUID | None = None

    def noticed(self, job: Job) -> None:
        self._running[job.id] = min(max(job.progress, 0.0), 100.0)

    def told(self, report: MoveReport) -> None:
        self._done["ended"] += 1
        for job_id in report.job_ids:
            self._running.pop(job_id, None)

    @property
    def percent(self) -> float:
        moves = max(self._done["moves"], 1)
        return min((100.0 * self._done["ended"] + sum(self._running.values())) / moves, 100.0)

    async def keep_fresh(self) -> None:
        """Create the artifact and refresh it until cancelled."""
        self._id = await acreate_progress_artifact(self.percent, key=self._key, description="leads on their way")
        while True:
            await asyncio.sleep(REFRESH)
            await self.refresh()

    async def refresh(self) -> None:
        if self._id:
            await aupdate_progress_artifact(self._id, self.percent)
