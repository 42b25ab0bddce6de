"""A workspace in virtual time: the real client, ledger, submitter and watch over a sandbox."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from leadmoves.begin import begin
from leadmoves.course import Course
from leadmoves.decisions import Counted
from leadmoves.ledger import Ledger
from leadmoves.plan import check_plan
from leadmoves.settings import Settings
from leadmoves.submit import Submitter
from leadmoves.watch import Watch
from leadmoves.workspace import Workspace
from sandbox import Fault, Script
from tests.faults.inline import inline
from tests.leadmoves.scene import Scene

MOVE = "/api/v2/leads/move"


@dataclass(frozen=True)
class Office:
    """One process at work, and the sandbox that it works with."""

    scene: Scene
    desk: Workspace

    def move(self, leads: int = 5, **more: Any) -> dict[str, Any]:
        """An entry of a plan, from a list of its own to a campaign of its own."""
        return {"name": "top-up", "request": self.scene.body(leads, limit=3)} | more

    async def course(self, move: dict[str, Any], occasion: str = "today") -> Course:
        [row] = await begin(self.desk.ledger, check_plan({"moves": [move]}), occasion)
        return Course(self.desk, row)

    def script(self, path: str = MOVE, **script: Any) -> None:
        self.scene.sandbox.faults.add(Fault(kind="job", path=path, script=Script(**script)))

    def fault(self, kind: str, path: str, **how: Any) -> None:
        self.scene.sandbox.faults.add(Fault.model_validate({"kind": kind, "path": path} | how))

    def asked(self, endpoint: str = "") -> int:
        """How many requests the sandbox saw."""
        return sum(count for name, count in self.scene.requests.items() if endpoint in name)

    @property
    def soon(self) -> float:
        """A deadline: monotonic seconds, an hour from now."""
        return self.desk.clock.monotonic() + 3600


async def open_ledger(folder: Path, scene: Scene, lease: float = 20.0) -> Ledger:
    """A process's own ledger, all in one file."""
    file = folder / "ledger.sqlite"
    return await Ledger.open(f"sqlite+aiosqlite:///{file}", scene.clock, lease, connect=inline(file))


@asynccontextmanager
async def office(folder: Path, **settings: Any) -> AsyncIterator[Office]:
    """Open it inside of a test that runs virtually."""
    scene = Scene(**settings)
    ledger = await open_ledger(folder, scene)
    decisions = Counted()
    how = {"settle": 60, "timeout": 30, "listener": decisions, "rng": Random(1)}
    submitter = Submitter(scene.api, ledger, scene.clock, **how)
    watch = Watch(scene.api, scene.clock, budget=80, tolerance=60, rng=Random(1))
    watching = asyncio.create_task(watch.run())
    try:
        yield Office(scene, Workspace(Settings(), scene.clock, scene.api, ledger, submitter, watch, decisions))
    finally:
        watch.close()
        await watching
        await ledger.close()
        await scene.api.aclose()
