"""Faults by switch: what goes wrong, for which requests, how often.

refuse-connection  no connection at all: no effect            half-body   the work is done, half the JSON arrives
lose-request       the connection closes: no effect           no-id       the work is done, the answer has no id
lose-answer        the work is done, the connection resets    hide-job    a new job shows only after `seconds`
hang               `seconds` pass, then the answer            job         the next jobs follow a script
status             another status: 429, 5xx, 401 …            clock-skew  the API's clock is `seconds` ahead
html               a page instead of JSON, with `status`
"""

import random
from dataclasses import dataclass
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sandbox.jobs import Script

Kind = Literal[
    "refuse-connection",
    "lose-request",
    "lose-answer",
    "hang",
    "status",
    "html",
    "half-body",
    "no-id",
    "hide-job",
    "job",
    "clock-skew",
]
ON_ANSWER: frozenset[Kind] = frozenset(
    ("refuse-connection", "lose-request", "lose-answer", "hang", "status", "html", "half-body", "no-id")
)
WITH_EFFECT = ("lose-answer", "hang", "half-body", "no-id")  # the others spare the work unless told


class Fault(BaseModel):
    """One switch. `count` is how many requests it hits, None for all; `effect` whether the work is done anyway."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind
    method: str | None = None
    path: str | None = Field(default=None, description="prefix of the path, e.g. /api/v2/leads/move")
    count: int | None = Field(default=1, ge=1)
    probability: float = Field(default=1.0, ge=0, le=1)
    skip: int = Field(default=0, ge=0, description="matching requests that pass before it strikes")
    effect: bool | None = None
    seconds: float = 0.0
    status: int = Field(default=503, ge=200, le=599)
    message: str | None = None
    retry_after: float | None = None
    retry_after_as: Literal["seconds", "date"] = "seconds"
    from_list: bool = True
    from_get: bool = False
    script: Script | None = None

    @model_validator(mode="after")
    def _job_has_script(self) -> Self:
        if (self.kind == "job") != (self.script is not None):
            raise ValueError("a script belongs to kind 'job', and to no other")
        return self

    @property
    def works(self) -> bool:
        return self.kind in WITH_EFFECT if self.effect is None else self.effect

    def matches(self, method: str, path: str) -> bool:
        return (self.method or method).upper() == method and path.startswith(self.path or "")


@dataclass(slots=True)
class Armed:
    """A fault that lies in wait, with what it did so far."""

    id: str
    fault: Fault
    passed: int = 0
    hits: int = 0

    @property
    def spent(self) -> bool:
        return self.fault.count is not None and self.hits >= self.fault.count


class Faults:
    """All armed faults of a sandbox; the first that matches strikes."""

    def __init__(self, seed: int = 0) -> None:
        self._rng = random.Random(seed)  # noqa: S311  (repeatable on purpose)
        self.armed: list[Armed] = []
        self._added = 0

    def add(self, *faults: Fault) -> None:
        for fault in faults:
            self._added += 1
            self.armed.append(Armed(f"fault-{self._added}", fault))

    def clear(self) -> None:
        self.armed.clear()

    def draw(self, kinds: frozenset[Kind], method: str, path: str) -> Fault | None:
        """The fault that strikes this request, counted."""
        for armed in self.armed:
            fault = armed.fault
            if fault.kind not in kinds or armed.spent or not fault.matches(method, path):
                continue
            if armed.passed < fault.skip:
                armed.passed += 1
            elif fault.probability >= 1 or self._rng.random() < fault.probability:
                armed.hits += 1
                return fault
        return None

    @property
    def skew(self) -> float:
        return sum(armed.fault.seconds for armed in self.armed if armed.fault.kind == "clock-skew")

    def rows(self) -> list[dict[str, Any]]:
        return [
            {"id": armed.id, "hits": armed.hits, "spent": armed.spent, **armed.fault.model_dump(exclude_none=True)}
            for armed in self.armed
        ]
