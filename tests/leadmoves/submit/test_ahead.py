"""Baselines read ahead, in virtual time: few requests for many moves, none older than a minute, no one misled."""

import asyncio

import pytest

from leadmoves.api import Instantly
from leadmoves.errors import ApiError
from leadmoves.jobs import Job
from leadmoves.submit.ahead import FRESH, LookAhead
from leadmoves.submit.joblist import SOURCES, JobList
from sandbox import Fault
from tests.leadmoves.scene import Scene, virtually

JOBS = "/api/v2/background-jobs"
MOVES = "move-leads"


class Reading:
    """A look-ahead over a sandbox with so many lists, of which some have moved leads before."""

    def __init__(self, lists: int, *, moved: int = 0, latency: float = 0.1) -> None:
        self.scene = Scene(latency=latency, seconds_per_job=0.1)
        self.bodies = [self.scene.body(1) for _ in range(lists)]
        self.sources = [body["list_id"] for body in self.bodies]
        self.moved = moved
        self.ahead = LookAhead(JobList(self.scene.api), self.scene.clock)
        self.ahead.expect(self.sources)

    async def furnish(self) -> dict[str, str]:
        """Job by source."""
        api: Instantly = self.scene.api
        return {body["list_id"]: (await api.move_leads(body)).id for body in self.bodies[: self.moved]}

    @property
    def requests(self) -> int:
        return self.scene.requests[f"GET {JOBS}"]

    async def before(self, source: str) -> list[Job]:
        return await self.ahead.before(MOVES, source)


@virtually
async def test_moves_that_begin_at_once_share_their_requests() -> None:
    reading = Reading(4 * SOURCES)

    await asyncio.gather(*map(reading.before, reading.sources))

    assert reading.requests == 4


@virtually
async def test_moves_that_begin_one_after_the_other_never_get_a_stale_look() -> None:
    reading = Reading(100)

    for source in reading.sources:
        await reading.before(source)
        await reading.scene.clock.sleep(FRESH / 10)  # so ten begin while a look is fresh

    assert 10 <= reading.requests <= 11


@virtually
async def test_each_sees_its_own_jobs_and_the_newest_of_all() -> None:
    reading = Reading(10, moved=3)
    jobs = await reading.furnish()
    *_, newest = jobs.values()

    seen = {source: {job.id for job in await reading.before(source)} for source in reading.sources}

    assert reading.requests == 1
    assert all(seen[source] == {newest, job} for source, job in jobs.items())
    assert all(seen[source] == {newest} for source in reading.sources[3:])


@virtually
async def test_a_source_that_comes_again_is_looked_at_alone_and_anew() -> None:
    reading = Reading(2)
    await reading.before(reading.sources[0])
    await reading.scene.clock.sleep(FRESH)
    job = await reading.scene.api.move_leads(reading.bodies[0])

    seen = await reading.before(reading.sources[0])

    assert job.id in {one.id for one in seen}


@virtually
async def test_who_tries_again_sees_what_began_meanwhile() -> None:
    reading = Reading(5)
    reading.ahead.expect(reading.sources)  # each list has two moves
    for source in reading.sources:
        await reading.before(source)
    job = await reading.scene.api.move_leads(reading.bodies[0])

    seen = await reading.before(reading.sources[0])
    others = [await reading.before(source) for source in reading.sources[1:]]

    assert job.id in {one.id for one in seen}
    assert len(others) == 4
    assert reading.requests == 2


@virtually
async def test_a_look_that_fails_fails_for_all_who_wait_and_is_made_again() -> None:
    reading = Reading(3)
    reading.scene.sandbox.faults.add(Fault(kind="status", path=JOBS, status=403, effect=False))

    ends = await asyncio.gather(*map(reading.before, reading.sources), return_exceptions=True)
    again = await reading.before(reading.sources[0])

    assert [isinstance(end, ApiError) for end in ends] == [True] * 3
    assert (again, reading.requests) == ([], 2)


@virtually
async def test_who_is_cancelled_does_not_end_the_look_of_the_others() -> None:
    reading = Reading(2, latency=5.0)
    impatient, patient = [asyncio.create_task(reading.before(source)) for source in reading.sources]
    await reading.scene.clock.sleep(1)

    impatient.cancel()

    with pytest.raises(asyncio.CancelledError):
        await impatient
    assert (await patient, reading.requests) == ([], 1)
