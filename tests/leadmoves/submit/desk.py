"""Whoever submits, in virtual time: a sandbox, a ledger in a file, and as many processes as a test wants."""

from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any, Self

from leadmoves.decisions import Decided, Decision
from leadmoves.ledger import Intent, Kind, Ledger, Row
from leadmoves.plan.body import fingerprint
from leadmoves.submit import Submitter
from sandbox import Fault
from sandbox.jobs import Job, Life
from tests.faults.inline import inline
from tests.leadmoves.scene import Scene

MOVE, JOBS = "/api/v2/leads/move", "/api/v2/background-jobs"
TIMEOUT, SETTLE, LEASE = 30.0, 60.0, 20.0  # seconds, the defaults
HOUR = 3600.0


class Process:
    """One process: its ledger, its submitter, what it decided."""

    def __init__(self, scene: Scene, ledger: Ledger, **how: Any) -> None:
        self.scene = scene
        self.ledger = ledger
        self.heard: list[Decision] = []
        how = {"settle": SETTLE, "timeout": TIMEOUT, "rng": Random(1), "listener": self.heard.append} | how
        self.submitter = Submitter(scene.api, ledger, scene.clock, **how)

    @property
    def decided(self) -> list[Decided]:
        return [decision.decided for decision in self.heard]

    async def submit(self, row: Row, patience: float = HOUR) -> Row:
        return await self.submitter.submit(row, self.scene.clock.monotonic() + patience)

    async def intend(self, body: Mapping[str, Any], name: str = "m", occasion: str = "o") -> Row:
        intent = intent_of(body, name, occasion)
        return (await self.ledger.intend([intent]))[intent.key]


class Desk:
    """Open it inside of a test that runs virtually."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.file = folder / "ledger.sqlite"
        self.scene = Scene(**settings)
        self.body = self.scene.body(5, limit=3)
        self._open: list[Ledger] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for ledger in self._open:
            await ledger.close()
        await self.scene.api.aclose()

    async def process(self, **how: Any) -> Process:
        url = f"sqlite+aiosqlite:///{self.file}"
        ledger = await Ledger.open(url, self.scene.clock, LEASE, connect=inline(self.file))
        self._open.append(ledger)
        return Process(self.scene, ledger, **how)

    def fault(self, kind: str, path: str = MOVE, **how: Any) -> None:
        self.scene.sandbox.faults.add(Fault.model_validate({"kind": kind, "path": path} | how))

    @property
    def jobs(self) -> list[str]:
        return list(self.scene.sandbox.jobs.by_id)

    def requests(self, verb: str) -> int:
        return sum(n for name, n in self.scene.sandbox.stats.requests.items() if name.startswith(verb))

    def foreign_job(self, filters: Mapping[str, Any], **more: Any) -> str:
        """A job that somebody else started, past every lock."""
        now = self.scene.clock.now()
        jobs = self.scene.sandbox.jobs
        job = Job(
            id=jobs.new_id(now),
            type="move-leads",
            entity_type="list",
            entity_id=self.body["list_id"],
            life=Life(now, now, work=1.0),
            filters=dict(filters),
            data={"filters": dict(filters)} if filters else {},
            **more,
        )
        return jobs.add(job).id


def intent_of(body: Mapping[str, Any], name: str = "m", occasion: str = "o") -> Intent:
    source, to = str(body["list_id"]), str(body["to_campaign_id"])
    request = fingerprint(dict(body))
    return Intent(Kind.MOVE, name, occasion, request, dict(body), source=source, resources=(source, to))
