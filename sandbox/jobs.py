"""The life of a background job, a pure function of time, and the jobs of a workspace.

created ─ pending ─► begun ─ in-progress ─► [held: draining, paused, …] ─► ended: success | failed | cancelled
"""

import heapq
import math
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from sandbox.leads import iso

PENDING_SECONDS = 0.05  # a guess: the shortest recorded job took 0.05 s in all
TERMINAL = ("success", "failed", "cancelled")
Progress = Literal["honest", "none", "jumps", "lies"]
# Steps of (share of the work done, progress shown); updated_at moves with each
STEPS: Mapping[str, tuple[tuple[float, int], ...]] = {
    "honest": tuple((percent / 100, percent) for percent in range(100)),
    "none": ((0.0, 0),),
    "jumps": ((0.0, 0), (0.1, 5), (0.55, 60), (0.6, 65), (0.95, 80)),
    "lies": ((0.0, 0), (0.02, 50), (0.1, 90), (0.5, 97), (0.9, 99)),
}


class Script(BaseModel):
    """How a job shall go: its end, its length and what it shows on the way.

    outcome: success, failed, cancelled, stalled (progress never moves again), moves-nothing (success with 0), or
    any other status, which is then shown for `held_seconds` before success: draining, paused, or one nobody knows.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    outcome: str = "success"
    duration: float | None = Field(
        default=None, ge=0, description="seconds from created to ended, without the hold"
    )
    progress: Progress | None = None
    held_seconds: float = Field(default=1.0, ge=0)
    share: float = Field(default=0.0, ge=0, le=1, description="of the leads moved before failed or cancelled")

    @property
    def held_status(self) -> str | None:
        return None if self.outcome in (*TERMINAL, "stalled", "moves-nothing") else self.outcome

    @property
    def ends_as(self) -> str:
        return self.outcome if self.outcome in ("failed", "cancelled") else "success"


@dataclass(frozen=True, slots=True)
class Life:
    """All that a job's status depends on but the time."""

    created: float
    begun: float
    work: float = math.inf  # unknown until it begins
    script: Script = field(default_factory=Script)
    progress: Progress = "honest"

    @property
    def held(self) -> float:
        return self.script.held_seconds if self.script.held_status else 0.0

    @property
    def middle(self) -> float:
        """Where a hold starts and where a stalled job stops: halfway through."""
        return self.begun + self.work / 2

    @property
    def ended(self) -> float:
        return math.inf if self.script.outcome == "stalled" else self.begun + self.work + self.held


@dataclass(frozen=True, slots=True)
class Look:
    """What a job shows at one moment."""

    status: str
    progress: int
    updated: float

    @property
    def terminal(self) -> bool:
        return self.status in TERMINAL


def look(life: Life, now: float) -> Look:
    """The job as it stands at a moment."""
    if now < life.begun or math.isinf(life.work):
        return Look("pending", 0, life.created)
    if now >= life.ended:
        status = life.script.ends_as
        return Look(status, 100 if status == "success" else _step(life, 0.5)[1], life.ended)
    if now < life.middle:
        return _working(life, (now - life.begun) / life.work, 0.0)
    if life.script.outcome == "stalled":
        return _working(life, 0.5, 0.0)
    if life.held and now < life.middle + life.held:
        return Look(life.script.held_status or "", _step(life, 0.5)[1], life.middle)
    return _working(life, (now - life.held - life.begun) / life.work, life.held)


def _step(life: Life, share: float) -> tuple[float, int]:
    steps = STEPS[life.progress]
    return steps[bisect_right(steps, (share, 100)) - 1]


def _working(life: Life, share: float, late: float) -> Look:
    since, percent = _step(life, share)
    updated = life.begun + since * life.work + late
    return Look("in-progress", percent, max(updated, life.middle + late) if late else updated)


@dataclass(slots=True)
class Job:
    """One background job."""

    id: str
    type: str
    entity_type: str
    entity_id: str
    life: Life
    filters: dict[str, Any]
    data: dict[str, Any]  # what it shows until its end
    result: dict[str, Any] = field(default_factory=dict)  # what it shows at its end, beside that
    listed_from: float = -math.inf
    readable_from: float = -math.inf
    first_seen_ended: float | None = None

    def look(self, now: float) -> Look:
        return look(self.life, now)

    def shown(self, now: float, workspace_id: str, skew: float = 0.0) -> dict[str, Any]:
        """The job as the API answers it; `user_id` is absent but in the POST's answer (recorded)."""
        seen = self.look(now)
        return {
            "id": self.id,
            "workspace_id": workspace_id,
            "type": self.type,
            "entity_id": self.entity_id,
            "entity_type": self.entity_type,
            "data": {**self.data, **self.result} if seen.terminal else self.data,
            "progress": seen.progress,
            "status": seen.status,
            "created_at": iso(self.life.created + skew),
            "updated_at": iso(seen.updated + skew),
        }


class Jobs:
    """All jobs of a workspace, and what is due to happen to them."""

    def __init__(self, seed: int = 0) -> None:
        self.by_id: dict[str, Job] = {}
        self._by_entity: dict[str, list[Job]] = {}
        self._due: list[tuple[float, int, Callable[[float], None]]] = []
        self._planned = 0
        self._advancing = False
        self._seed = seed

    def new_id(self, now: float) -> str:
        """24 hex digits, ascending: 8 of the time, 8 of the seed, 8 of a counter."""
        return f"{int(now) & 0xFFFFFFFF:08x}{self._seed & 0xFFFFFFFF:08x}{len(self.by_id) + 1:08x}"

    def add(self, job: Job) -> Job:
        self.by_id[job.id] = job
        self._by_entity.setdefault(job.entity_id, []).append(job)
        return job

    def plan(self, when: float, step: Callable[[float], None]) -> None:
        """Let a step happen at its time; it is told that time, however late somebody looks."""
        if math.isfinite(when):
            self._planned += 1
            heapq.heappush(self._due, (when, self._planned, step))

    def advance(self, now: float) -> None:
        """Let everything happen that was due by now, in the order of its time."""
        if self._advancing:  # a step that looks at the workspace must not bring later steps before itself
            return
        self._advancing = True
        try:
            while self._due and self._due[0][0] <= now:
                when, _, step = heapq.heappop(self._due)
                step(when)
        finally:
            self._advancing = False

    def newest_first(self) -> Iterator[Job]:
        return reversed(self.by_id.values())

    def of_entities(self, entity_ids: Iterable[str]) -> list[Job]:
        found = [job for entity_id in set(entity_ids) for job in self._by_entity.get(entity_id, ())]
        return sorted(found, key=lambda job: (job.life.created, job.id), reverse=True)

    def running(self, kind: str, now: float) -> Iterator[Job]:
        return (job for job in self.newest_first() if job.type == kind and not job.look(now).terminal)
