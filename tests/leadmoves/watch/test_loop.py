import asyncio
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

import httpx
import pytest

from leadmoves.api import Instantly
from leadmoves.api.pace import pace_by_file
from leadmoves.api.tally import Tally
from leadmoves.clock import LoopClock
from leadmoves.jobs import Job
from leadmoves.watch import Seen, Wait, Watch
from leadmoves.watch.cadence import CEILING, FLOOR
from leadmoves.watch.followed import STALL, STRIKES
from sandbox import Fault, Script
from tests.leadmoves.scene import Saying, Scene, client, virtually

ID, OTHER = "66" * 12, "77" * 12
FOR_EVER = 1e9
TOLERANCE = 60.0

Life = Callable[[float], Mapping[str, Any] | int | Exception]
"""The age of a job to its row, or to the status or failure that answers instead."""


class Watching:
    """A watch that runs, and what it told."""

    def __init__(self, api: Instantly, **how: Any) -> None:
        self.clock = LoopClock()
        self.warned: list[str] = []
        self.noticed: list[Job] = []
        how = {"budget": 80.0, "tolerance": TOLERANCE, "rng": Random(1)} | how
        self.watch = Watch(api, self.clock, warn=self.warned.append, noticed=self.noticed.append, **how)
        self.running = asyncio.create_task(self.watch.run())
        self.tally = Tally()

    async def follow(self, job_id: str = ID, deadline: float = FOR_EVER, started: float | None = None) -> Seen:
        now = self.clock.monotonic()
        return await self.watch.follow(
            job_id, started=now if started is None else started, deadline=now + deadline, tally=self.tally
        )

    async def over(self) -> int:
        self.watch.close()
        return await self.running


def server(lives: Mapping[str, Life]) -> Saying:
    """An API where each job lives as it is told; lists show the rows that a GET would give."""

    def row(job_id: str) -> Mapping[str, Any] | int | Exception:
        said = lives[job_id](LoopClock().monotonic()) if job_id in lives else 404
        return {"id": job_id, **said} if isinstance(said, Mapping) else said

    def says(request: httpx.Request) -> httpx.Response | Exception | Mapping[str, Any]:
        name = request.url.path.rpartition("/")[2]
        if name != "background-jobs":
            said = row(name)
            return httpx.Response(said, json={"message": "no"}) if isinstance(said, int) else said
        said_of_all = [row(job_id) for job_id in request.url.params.get("ids", ",".join(lives)).split(",")]
        failures = [said for said in said_of_all if isinstance(said, Exception)]
        statuses = request.url.params.get("status", "").split(",")
        rows = [said for said in said_of_all if isinstance(said, Mapping)]
        return (
            failures[0] if failures else {"items": [r for r in rows if statuses == [""] or r["status"] in statuses]}
        )

    return Saying(says)


def until(age: float, status: str = "in-progress", progress: Callable[[float], Any] = lambda _: 0) -> Life:
    """A job that ends in success, and shows this until then."""

    def life(now: float) -> Mapping[str, Any]:
        if now >= age:
            return {"status": "success", "progress": 100, "data": {"moved_leads": 5}}
        return {"status": status, "progress": progress(now), "updated_at": f"2026-11-23T10:{now // 60:02.0f}:00Z"}

    return life


async def followed(life: Life, deadline: float = FOR_EVER, **how: Any) -> tuple[Seen, float, int, list[str]]:
    """How it ended, when, after how many requests, and what was warned of."""
    said = server({ID: life})
    watching = Watching(client(said), **how)
    seen = await watching.follow(deadline=deadline)
    took = watching.clock.monotonic()
    await watching.over()
    return seen, took, len(said.asked), watching.warned


@pytest.mark.parametrize("status", ["pending", "in-progress", "draining", "paused", "replaying", "", "completed"])
@virtually
async def test_whatever_a_job_shows_on_its_way_it_is_waited_for_to_its_end(status: str) -> None:
    seen, took, requests, warned = await followed(until(300, status))

    assert (seen.wait, seen.job and seen.job.count("moved_leads")) == (Wait.ENDED, 5)
    assert 300 <= took <= 300 + CEILING
    assert requests <= 40
    strange = status in {"replaying", "", "completed"}
    assert len(warned) == strange, "said once, however often it shows"


@pytest.mark.parametrize("end", ["success", "failed", "cancelled"])
@virtually
async def test_each_of_the_three_ends_is_an_end(end: str) -> None:
    seen, took, requests, _ = await followed(lambda _: {"status": end, "progress": 3})

    assert (seen.wait, seen.job and seen.job.status, took, requests) == (Wait.ENDED, end, FLOOR, 1)


LIES: dict[str, Callable[[float], Any]] = {
    "jumps": lambda now: 10 if now < 100 else 95,
    "stands still": lambda _: 50,
    "stuck at 99": lambda now: min(99, now * 10),
    "is 100 too early": lambda _: 100,
    "runs backwards": lambda now: 90 - now / 10,
    "is beyond 100": lambda now: now * 10,
    "is below nothing": lambda now: -now,
    "is no number": lambda _: "half",
    "is NaN": lambda _: "NaN",
    "is null": lambda _: None,
    "wavers": lambda now: 50 + (now * 7) % 40,
}


@pytest.mark.parametrize("lie", LIES)
@virtually
async def test_progress_that_lies_costs_neither_the_end_nor_many_requests(lie: str) -> None:
    seen, took, requests, _ = await followed(until(300, progress=LIES[lie]))

    assert seen.wait is Wait.ENDED
    assert took <= 300 + CEILING
    assert requests <= 45


@virtually
async def test_honest_progress_meets_the_end() -> None:
    _, took, requests, _ = await followed(until(60, progress=lambda now: int(now / 0.6)))

    assert took <= 61.2
    assert requests <= 10


@virtually
async def test_a_job_that_stands_still_is_told_as_stalled() -> None:
    seen, took, _, _ = await followed(lambda _: {"status": "in-progress", "progress": 7})

    assert seen.wait is Wait.STALLED
    assert STALL <= took <= STALL + 2 * CEILING


@virtually
async def test_a_job_that_the_api_does_not_know_yet_is_waited_for() -> None:
    life = until(80)

    seen, *_ = await followed(lambda now: 404 if now < 50 else life(now))

    assert seen.wait is Wait.ENDED


@virtually
async def test_a_job_that_vanishes_is_told_as_unknown_and_not_as_ended() -> None:
    life = until(1_000)

    seen, took, _, _ = await followed(lambda now: life(now) if now < 200 else 404)

    assert seen.wait is Wait.UNKNOWN
    assert 200 <= took <= 200 + (STRIKES + 1) * CEILING


@virtually
async def test_a_single_404_in_mid_wait_is_nothing() -> None:
    life = until(300)

    seen, *_ = await followed(lambda now: 404 if 100 < now < 110 else life(now))

    assert seen.wait is Wait.ENDED


FAILURES: dict[str, int | Exception] = {
    "500": 500,
    "503": 503,
    "429": 429,
    "no connection": httpx.ConnectError("refused"),
    "no answer": httpx.ReadTimeout("slow"),
}


@pytest.mark.parametrize("failure", FAILURES)
@virtually
async def test_failed_looks_are_no_failed_job_and_are_told_once(failure: str) -> None:
    life = until(300)

    seen, took, requests, warned = await followed(lambda now: FAILURES[failure] if now < 200 else life(now))

    assert seen.wait is Wait.ENDED
    assert took <= 300 + CEILING
    assert requests <= 40
    assert len(warned) == 1


@virtually
async def test_an_outage_of_ten_minutes_is_survived_and_costs_few_requests_after_it() -> None:
    def life_with(outage: tuple[float, float]) -> Life:
        life = until(1_500, progress=lambda now: int(now / 15))
        return lambda now: 503 if outage[0] <= now < outage[1] else life(now)

    async def after(outage: tuple[float, float]) -> tuple[Seen, int]:
        times: list[float] = []
        life = life_with(outage)

        def told(now: float) -> Mapping[str, Any] | int | Exception:
            times.append(now)
            return life(now)

        seen, *_ = await followed(told)
        return seen, sum(at >= 700 for at in times)

    calm, without = await after((0, 0))
    seen, with_outage = await after((100, 700))

    assert (seen.wait, calm.wait) == (Wait.ENDED, Wait.ENDED)
    assert with_outage <= 1.1 * without + 1


@pytest.mark.parametrize("status", [400, 401, 402, 403])
@virtually
async def test_a_key_that_lost_its_rights_ends_the_wait_and_not_the_job(status: int) -> None:
    life = until(1_000)

    seen, took, _, _ = await followed(lambda now: life(now) if now < 100 else status)

    assert seen.wait is Wait.LOCKED_OUT
    assert seen.job
    assert seen.job.status == "in-progress"
    assert str(status) in str(seen.note)
    assert took <= 100 + 4 * CEILING


@virtually
async def test_two_refusals_are_looked_through() -> None:
    life, refusals = until(300), [401, 403]

    seen, *_ = await followed(lambda now: refusals.pop() if now > 100 and refusals else life(now))

    assert seen.wait is Wait.ENDED
    assert not refusals


@pytest.mark.parametrize("deadline", [0.2, 7.3, 60.0, 100.1])
@virtually
async def test_at_the_deadline_there_is_one_last_look(deadline: float) -> None:
    looks: list[float] = []

    def life(now: float) -> Mapping[str, Any]:
        looks.append(now)
        return {"status": "in-progress", "progress": 0}

    seen, took, _, _ = await followed(life, deadline)

    assert seen.wait is Wait.DEADLINE
    assert took == looks[-1] == deadline


@virtually
async def test_who_ends_just_before_the_deadline_is_seen_ending() -> None:
    assert (await followed(until(59.99), deadline=60.0))[0].wait is Wait.ENDED


@virtually
async def test_a_deadline_in_an_outage_says_that_looking_failed() -> None:
    seen, took, _, _ = await followed(lambda _: 503, deadline=100.0)

    assert (seen.wait, took) == (Wait.DEADLINE, 100.0)
    assert "503" in str(seen.note)


@virtually
async def test_a_deadline_long_past_still_gets_its_last_look() -> None:
    watching = Watching(client(server({ID: until(0)})))

    seen = await watching.follow(deadline=-50.0, started=-100.0)

    assert seen.wait is Wait.ENDED


# Many.


@virtually
async def test_moves_that_wait_for_the_same_job_are_all_told_and_it_is_asked_for_once() -> None:
    said = server({ID: until(30)})
    watching = Watching(client(said))

    ends = await asyncio.gather(*(watching.follow() for _ in range(5)))

    assert {seen.wait for seen in ends} == {Wait.ENDED}
    assert len(said.asked) <= 15


@virtually
async def test_each_of_them_has_his_own_deadline() -> None:
    watching = Watching(client(server({ID: until(30)})))

    ends = await asyncio.gather(*(watching.follow(deadline=deadline) for deadline in (10.0, 100.0, 5.0)))

    assert [seen.wait for seen in ends] == [Wait.DEADLINE, Wait.ENDED, Wait.DEADLINE]


@virtually
async def test_who_stops_waiting_stops_nobody_else() -> None:
    watching = Watching(client(server({ID: until(30), OTHER: until(40)})))
    first, second = asyncio.create_task(watching.follow()), asyncio.create_task(watching.follow())
    other = asyncio.create_task(watching.follow(OTHER))
    await asyncio.sleep(5)
    first.cancel()
    await asyncio.sleep(3)
    other.cancel()

    assert (await second).wait is Wait.ENDED
    assert await watching.over() > 0


@virtually
async def test_who_stops_waiting_before_a_look_that_was_to_ask_for_him_stops_nobody_else() -> None:
    ids = [f"{number:024x}" for number in range(5)]
    watching = Watching(client(server({job_id: until(30) for job_id in ids})))
    waiting = [asyncio.create_task(watching.follow(job_id)) for job_id in ids]
    await asyncio.sleep(5)
    for task in waiting[:2]:
        task.cancel()

    assert [(await task).wait for task in waiting[2:]] == [Wait.ENDED] * 3


@virtually
async def test_when_all_stop_waiting_nobody_is_looked_for_and_others_may_come() -> None:
    said = server({ID: until(30), OTHER: until(40)})
    watching = Watching(client(said))
    gone = [asyncio.create_task(watching.follow(job_id)) for job_id in (ID, OTHER)]
    await asyncio.sleep(5)
    for task in gone:
        task.cancel()
    await asyncio.sleep(5)
    asked = len(said.asked)
    await asyncio.sleep(100)
    assert len(said.asked) == asked

    assert (await watching.follow(OTHER)).wait is Wait.ENDED


@virtually
async def test_a_newcomer_is_looked_at_soon_however_seldom_the_old_ones_are() -> None:
    watching = Watching(client(server({ID: until(3_000), OTHER: lambda _: {"status": "success"}})))
    old = asyncio.create_task(watching.follow())
    await asyncio.sleep(1_000)
    begun = watching.clock.monotonic()

    await watching.follow(OTHER)

    assert watching.clock.monotonic() - begun <= 2 * FLOOR
    old.cancel()


@virtually
async def test_a_crowd_that_joins_in_drops_is_not_planned_for_each_drop() -> None:
    scene = Scene(seconds_per_job=100)
    watching = Watching(scene.api)
    jobs = [(await scene.api.move_leads(scene.body())).id for _ in range(150)]
    planned = 0
    plan = watching.watch._next

    def counted() -> Any:
        nonlocal planned
        planned += 1
        return plan()

    watching.watch._next = counted  # type: ignore[method-assign]
    waiting = []
    for job_id in jobs:
        waiting.append(asyncio.create_task(watching.follow(job_id)))
        await asyncio.sleep(0.0125)

    assert planned <= 15, "twice a second, not once a job"
    assert {seen.wait for seen in await asyncio.gather(*waiting)} == {Wait.ENDED}


@virtually
async def test_two_hundred_jobs_cost_less_than_a_look_each_and_all_bring_their_counters() -> None:
    scene = Scene(latency=0.05)
    lengths = Random(1)
    jobs = []
    for _ in range(200):
        scene.sandbox.faults.add(Fault(kind="job", script=Script(duration=lengths.uniform(20, 40))))
        jobs.append((await scene.api.move_leads(scene.body())).id)
    posts = scene.sandbox.stats.requests.total()
    watching = Watching(scene.api)

    ends = await asyncio.gather(*map(watching.follow, jobs))

    assert [seen.job and seen.job.count("moved_leads") for seen in ends] == [1] * 200
    assert scene.sandbox.stats.requests.total() - posts <= 200
    assert watching.tally.look == scene.sandbox.stats.requests.total() - posts


@virtually
async def test_in_a_crowd_too_a_stall_an_odd_status_and_a_vanished_job_are_seen() -> None:
    scene = Scene()
    odd = {"stalled": Wait.STALLED, "replaying": Wait.ENDED, "paused": Wait.ENDED}
    ids = {}
    for outcome in [*odd, *["success"] * 120]:
        script = Script(outcome=outcome, duration=300, held_seconds=250 if outcome == "paused" else 50)
        scene.sandbox.faults.add(Fault(kind="job", script=script))
        ids[(await scene.api.move_leads(scene.body())).id] = odd.get(outcome, Wait.ENDED)
    watching = Watching(scene.api, stall=200)

    ends = await asyncio.gather(*map(watching.follow, [*ids, OTHER]))

    assert [seen.wait for seen in ends] == [*ids.values(), Wait.UNKNOWN]
    assert len([text for text in watching.warned if "replaying" in text]) == 1


@virtually
async def test_a_crowd_survives_an_outage_and_every_end_is_told() -> None:
    scene = Scene(seconds_per_job=30)
    jobs = [(await scene.api.move_leads(scene.body())).id for _ in range(150)]
    watching = Watching(scene.api)
    scene.sandbox.faults.add(Fault(kind="status", status=503, method="GET", count=10))

    ends = await asyncio.gather(*map(watching.follow, jobs))

    assert {seen.wait for seen in ends} == {Wait.ENDED}


# The loop itself.


@virtually
async def test_a_budget_file_in_trouble_is_a_failed_look(tmp_path: Any) -> None:
    pace = pace_by_file(tmp_path / "pace.sqlite", 80, 4800, LoopClock())
    watching = Watching(client(server({ID: until(30)}), pace))
    pace._book._db.execute("ALTER TABLE grants RENAME TO hidden")  # type: ignore[attr-defined]
    waiting = asyncio.create_task(watching.follow())
    await asyncio.sleep(10)
    pace._book._db.execute("ALTER TABLE hidden RENAME TO grants")  # type: ignore[attr-defined]

    assert (await waiting).wait is Wait.ENDED
    assert "cannot be used" in watching.warned[0]
    pace.close()


@virtually
async def test_a_watch_that_breaks_off_leaves_nobody_waiting() -> None:
    def broken(_: Job) -> None:
        raise ZeroDivisionError

    clock = LoopClock()
    watch = Watch(client(server({ID: until(30)})), clock, budget=80, tolerance=60, noticed=broken)
    running = asyncio.create_task(watch.run())

    with pytest.raises(RuntimeError, match="broke off"):
        await watch.follow(ID, started=0.0, deadline=FOR_EVER, tally=Tally())
    with pytest.raises(ZeroDivisionError):
        await running
    with pytest.raises(RuntimeError, match="over"):
        await watch.follow(ID, started=0.0, deadline=FOR_EVER, tally=Tally())


@virtually
async def test_a_cancelled_watch_leaves_nobody_waiting() -> None:
    watching = Watching(client(server({ID: until(30)})))
    waiting = asyncio.create_task(watching.follow())
    await asyncio.sleep(1)

    watching.running.cancel()

    with pytest.raises(RuntimeError, match="broke off"):
        await waiting


@virtually
async def test_closing_waits_for_those_who_wait() -> None:
    watching = Watching(client(server({ID: until(30)})))
    waiting = asyncio.create_task(watching.follow())
    await asyncio.sleep(1)

    looks = await watching.over()

    assert waiting.done()
    assert looks == watching.tally.look


@virtually
async def test_a_watch_without_jobs_asks_nothing() -> None:
    said = server({})
    watching = Watching(client(said))
    await asyncio.sleep(1_000)

    assert await watching.over() == 0
    assert said.asked == []
