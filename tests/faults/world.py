"""One move, one seed's weather, as many processes as it takes; then the jobs at the sandbox are counted.

Everything runs on one loop in virtual time: the API, our processes with their own clocks, the strangers.
"""

import asyncio
import random
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from sqlalchemy import event

from leadmoves.api import Instantly
from leadmoves.api.pace import pace_alone
from leadmoves.clock import LoopClock, run_virtually
from leadmoves.decisions import Decision
from leadmoves.ledger import Intent, Kind, Ledger, Row, State
from leadmoves.ledger.database import Database
from leadmoves.plan.body import fingerprint
from leadmoves.submit import Submitter
from sandbox import Fault, Sandbox, Settings, Workspace
from sandbox.jobs import Job, Life
from tests.faults.inline import inline
from tests.faults.weather import JOBS, MOVE, SETTLE, TIMEOUT, Crash, Stranger, Weather
from tests.faults.wire import Wire

PATIENCE = 1800.0  # seconds that a process tries for, the default deadline of a move
MOST_POSTS_SEEN = 80  # a 409 at first every second, then every half minute, until the deadline


class Killed(BaseException):
    """The process is gone: nothing of it runs any more."""


@dataclass(frozen=True)
class Rules:
    """How our processes are made; a test takes a protection out by making them otherwise."""

    settle: float = SETTLE
    ledger: type[Ledger] = Ledger
    submitter: type[Submitter] = Submitter


@dataclass(frozen=True)
class Story:
    """What became of a move, counted at the sandbox."""

    seed: int
    row: Row
    ours: tuple[str, ...]  # jobs that our POSTs made
    strangers: tuple[str, ...]  # others' jobs with the same body since we began
    posts: int

    @property
    def duplicate(self) -> bool:
        return len(self.ours) > 1

    @property
    def adopted_a_stranger(self) -> bool:
        return self.row.state is State.ACCEPTED and self.row.job_id in self.strangers

    @property
    def fault(self) -> str | None:
        """What the promise forbids, if it happened."""
        if self.duplicate:
            return f"{len(self.ours)} jobs"
        if self.posts > MOST_POSTS_SEEN:
            return f"{self.posts} POSTs"
        return self._lost()

    def _lost(self) -> str | None:
        match self.row.state:
            case State.ACCEPTED:
                known = self.row.job_id in self.ours or self.adopted_a_stranger
                return None if known else "accepted as a job that is not its own"
            case State.IN_DOUBT:
                named = set(self.ours) <= set(self.row.candidates)
                return None if named else "in doubt, and its own job is no candidate"
            case State.ENDED:
                return f"{self.row.outcome}, but its job exists" if self.ours else None
            case unfinished:
                return f"left as {unfinished}"


def stories(weathers: Iterable[Weather], file: Path, rules: Rules | None = None) -> list[Story]:
    """Let moves live through their weather, one after the other, all in one ledger."""

    async def tell() -> list[Story]:
        database = Database(f"sqlite+aiosqlite:///{file}", connect=inline(file))
        event.listen(database._engine.sync_engine, "connect", _careless)
        await database.prepare()
        told = [await World(weather, database, rules or Rules()).story() for weather in weathers]
        await database.dispose()
        return told

    return run_virtually(tell())


def _careless(connection: Any, _record: object) -> None:
    """Nobody cuts the power here, and to wait for the disk takes most of the time."""
    connection.cursor().execute("PRAGMA synchronous = OFF")


class World:
    """One move: its sandbox, its processes, its strangers."""

    def __init__(self, weather: Weather, database: Database, rules: Rules) -> None:
        self.weather = weather
        self.rules = rules
        self.database = database
        self.truth = LoopClock()
        settings = Settings(seed=weather.seed, seconds_per_job=weather.job_seconds, latency=weather.latency)
        self.sandbox = Sandbox(Workspace(weather.seed), settings, self.truth.now, self.truth.sleep)
        self.wire = Wire(self.sandbox.transport(), self.truth.sleep, list(weather.late))
        self.strangers: list[str] = []
        self.others: set[str] = set()

    async def story(self) -> Story:
        self._furnish()
        crowd = [asyncio.create_task(self._stranger(stranger)) for stranger in self.weather.strangers]
        await self._live_through()
        await asyncio.gather(*crowd)
        await self.truth.sleep(4 * SETTLE)  # what is still on its way arrives
        row = await self._ledger().row(self.intent.key)
        assert row, "the ledger forgot the move"
        ours = tuple(job_id for job_id in self.sandbox.jobs.by_id if job_id not in self.others)
        return Story(self.weather.seed, row, ours, tuple(self.strangers), self.wire.posts)

    def _furnish(self) -> None:
        places = self.sandbox.workspace
        source, destination = places.add_list("Source"), places.add_campaign("Destination")
        places.add_leads(source, 5)
        self.body = {"list_id": source.id, "to_campaign_id": destination.id, "limit": 3}
        self.intent = Intent(
            kind=Kind.MOVE,
            name=f"move {self.weather.seed}",
            occasion="once",
            fingerprint=fingerprint(dict(self.body)),
            body=self.body,
            source=source.id,
            resources=(source.id, destination.id),
        )
        for age in (100, 7 * 86_400)[: self.weather.old_jobs]:
            self._foreign_job(dict(self.body), created=self.truth.now() - age)
        path = {"path": MOVE, "method": "POST"}
        self.sandbox.faults.add(*(fault.model_copy(update=path) for fault in self.weather.posts))
        self.sandbox.faults.add(Fault(kind="hide-job", count=None, seconds=self.weather.hidden, path=MOVE))
        self.sandbox.faults.add(*(fault.model_copy(update={"path": JOBS}) for fault in self.weather.reads))

    # Strangers.

    async def _stranger(self, stranger: Stranger) -> None:
        await self.truth.sleep(stranger.at)
        body = dict(self.body) if stranger.same_body else {**self.body, "limit": 2}
        job_id = self._foreign_job(body, created=self.truth.now(), hidden=stranger.hidden)
        if stranger.same_body:
            self.strangers.append(job_id)

    def _foreign_job(self, body: dict[str, Any], created: float, hidden: float = 0.0) -> str:
        """A job that is there, past every lock: the worst that a real API might let happen."""
        job = Job(
            id=self.sandbox.jobs.new_id(created),
            type="move-leads",
            entity_type="list",
            entity_id=str(body["list_id"]),
            life=Life(created, created, work=1.0),
            filters=body,
            data={"filters": body},
            listed_from=created + hidden,
        )
        self.others.add(self.sandbox.jobs.add(job).id)
        return job.id

    # Our processes.

    async def _live_through(self) -> None:
        """One life after the other, each begun where the one before died; the last in good weather."""
        crashes = list(self.weather.crashes)
        twin = asyncio.create_task(self._life(crashes.pop() if crashes else None)) if self.weather.twins else None
        for crash in crashes:
            await self._life(crash)
            await self.truth.sleep(crash.down)
        await self._life(None)
        if twin:
            await twin
        self.sandbox.faults.armed = [a for a in self.sandbox.faults.armed if a.fault.kind == "hide-job"]
        await self._life(None)

    async def _life(self, crash: Crash | None) -> None:
        """One process: from its start to its end or its crash."""
        ledger = self._ledger()
        renewing = asyncio.create_task(_renew(ledger, self.truth))
        working = asyncio.create_task(self._work(ledger, _killer(crash)))
        try:
            await asyncio.wait_for(working, crash.seconds if crash else None)
        except (Killed, TimeoutError):
            pass  # killed: it gives nothing back
        else:
            await ledger.let_go()
        finally:
            renewing.cancel()
            with suppress(asyncio.CancelledError):
                await renewing

    async def _work(self, ledger: Ledger, listener: Callable[[Decision], None]) -> None:
        clock = LoopClock(self.weather.skew)
        row = (await ledger.intend([self.intent]))[self.intent.key]
        api = Instantly(
            SecretStr("sandbox-key"),
            "http://sandbox",
            pace=pace_alone(80, 4800, clock),
            clock=clock,
            timeout=TIMEOUT,
            transport=self.wire,
            rng=random.Random(self.weather.seed),
        )
        how = {"settle": self.rules.settle, "timeout": TIMEOUT, "rng": random.Random(self.weather.seed)}
        submitter = self.rules.submitter(api, ledger, clock, listener=listener, **how)
        await submitter.submit(row, clock.monotonic() + PATIENCE)

    def _ledger(self) -> Ledger:
        clock = LoopClock(self.weather.skew)
        ledger = self.rules.ledger(str(self.database.url), clock, self.weather.lease)
        ledger.database = (
            self.database
        )  # one engine for all: a process of its own would compile each statement anew
        return ledger


def _killer(crash: Crash | None) -> Callable[[Decision], None]:
    """A listener that ends the process at its n-th decision."""
    heard = 0

    def listen(_: Decision) -> None:
        nonlocal heard
        heard += 1
        if crash and heard == crash.decision:
            raise Killed

    return listen


async def _renew(ledger: Ledger, clock: LoopClock) -> None:
    while True:
        await clock.sleep(0.6 * ledger.lease)  # later than ours do
        await ledger.renew()
