from random import Random
from typing import Any

import httpx
import pytest

from leadmoves.api.tally import Tally
from leadmoves.errors import Ambiguous
from leadmoves.jobs import COUNTERS
from leadmoves.watch.cadence import Look
from leadmoves.watch.looker import HEAVY, OVERLAP, Looker, Sight
from sandbox import Fault, Script
from tests.leadmoves.scene import Saying, Scene, client, virtually

ONE, LIST = "GET /api/v2/background-jobs/{id}", "GET /api/v2/background-jobs"


class Crowd:
    """Many jobs in a sandbox, and a looker that remembers."""

    def __init__(self, **settings: Any) -> None:
        self.scene = Scene(**settings)
        self.tallies: dict[str, Tally] = {}
        self.looker = Looker(self.scene.api)

    async def started(self, number: int, leads: int = 1, seconds: float | None = None, **script: Any) -> list[str]:
        ids = []
        for _ in range(number):
            self.scene.sandbox.faults.add(Fault(kind="job", script=Script(duration=seconds, **script)))
            job = await self.scene.api.move_leads(self.scene.body(leads))
            ids.append(job.id)
            self.tallies[job.id] = Tally()
        return ids

    async def look(self, ids: list[str] | None = None, feed: int = 0, young: tuple[str, ...] = ()) -> Sight:
        chosen = tuple(self.tallies) if ids is None else tuple(ids)
        return await self.looker.look(Look(0.0, chosen, feed), self.tallies, young)

    @property
    def looks(self) -> dict[str, int]:
        return {name: self.scene.requests[name] for name in (ONE, LIST) if self.scene.requests[name]}


@virtually
async def test_one_job_is_asked_for_by_its_id_without_its_addresses() -> None:
    crowd = Crowd()
    (job_id,) = await crowd.started(1, leads=30)
    await crowd.scene.clock.sleep(10)

    sight = await crowd.look()

    assert crowd.looks == {ONE: 1}
    assert sight.rows[job_id].count("moved_leads") == 30
    assert set(sight.rows[job_id].data) <= set(COUNTERS)
    assert crowd.tallies[job_id].look == 1


@virtually
async def test_up_to_a_hundred_jobs_take_one_request_that_one_of_them_pays() -> None:
    crowd = Crowd(seconds_per_job=5)
    await crowd.started(100)
    await crowd.scene.clock.sleep(10)

    sight = await crowd.look()

    assert crowd.looks == {LIST: 1}
    assert len(sight.rows) == 100
    assert {row.count("moved_leads") for row in sight.rows.values()} == {1}
    assert sum(tally.look for tally in crowd.tallies.values()) == 1


@virtually
async def test_a_request_is_paid_by_who_paid_least() -> None:
    crowd = Crowd(seconds_per_job=5)
    await crowd.started(4)
    for _ in range(4):
        await crowd.look()

    assert [tally.look for tally in crowd.tallies.values()] == [1, 1, 1, 1]


@virtually
async def test_more_than_a_page_is_told_what_ended_since_the_last_look() -> None:
    crowd = Crowd()
    soon, late = await crowd.started(30, seconds=5), await crowd.started(90, seconds=50)
    strangers = Crowd(seconds_per_job=5)
    strangers.scene = crowd.scene
    await strangers.started(20, seconds=5)
    await crowd.scene.clock.sleep(10)
    first = await crowd.look([], feed=2)
    again = await crowd.look([], feed=2)
    await crowd.scene.clock.sleep(60)
    second = await crowd.look([], feed=2)

    assert set(first.rows) == set(soon), "nobody else's"
    assert set(again.rows) <= set(soon)
    assert set(late) <= set(second.rows)
    assert crowd.looks[LIST] <= 4
    assert ONE not in crowd.looks


@virtually
async def test_a_feed_is_read_back_to_the_last_look_and_no_further() -> None:
    crowd = Crowd()
    for number in range(300):
        await crowd.started(1, seconds=5 + number / 20)
    await crowd.scene.clock.sleep(30)
    assert len((await crowd.look([], feed=4)).rows) == 300
    later = await crowd.started(150, seconds=5)
    await crowd.scene.clock.sleep(10 + OVERLAP)
    asked = crowd.looks[LIST]

    sight = await crowd.look([], feed=5)

    assert set(sight.rows) >= set(later)
    assert crowd.looks[LIST] - asked == 2


@virtually
async def test_a_warmup_shows_in_the_feed_too() -> None:
    crowd = Crowd()
    crowd.scene.sandbox.workspace.add_account("ana@example.com")
    job = await crowd.scene.api.enable_warmup({"emails": ["ana@example.com"]})
    crowd.tallies[job.id] = Tally()
    await crowd.started(120, seconds=100)
    await crowd.scene.clock.sleep(10)

    sight = await crowd.look([], feed=2)

    assert set(sight.rows) == {job.id}
    assert sight.rows[job.id].type == "update-warmup-accounts"


@virtually
async def test_what_a_list_does_not_show_is_asked_for_by_id_unless_it_is_young() -> None:
    crowd = Crowd()
    crowd.scene.sandbox.faults.add(Fault(kind="hide-job", seconds=1_000, count=2))
    hidden, young, *_ = await crowd.started(5, seconds=100)

    sight = await crowd.look(young=(young,))

    assert hidden in sight.rows
    assert young not in sight.rows
    assert crowd.looks == {LIST: 1, ONE: 1}


@virtually
async def test_a_job_that_nobody_knows_is_said_to_be_unknown() -> None:
    crowd = Crowd()
    await crowd.started(2, seconds=100)
    crowd.tallies["77" * 12] = Tally()

    sight = await crowd.look()

    assert sight.unknown == {"77" * 12}
    assert len(sight.rows) == 2
    assert sight.error is None


# Heavy rows.


@pytest.mark.parametrize(("number", "feed"), [(20, 0), (120, 2)])
@virtually
async def test_after_the_first_heavy_row_no_address_is_fetched_any_more_and_all_counters_come(
    number: int, feed: int
) -> None:
    crowd = Crowd()
    first = await crowd.started(3, leads=HEAVY + 1, seconds=5)
    others = await crowd.started(number, leads=2, seconds=20)
    later = await crowd.started(3, leads=HEAVY + 1, seconds=20)
    await crowd.scene.clock.sleep(10)
    sight = await crowd.look([] if feed else None, feed)
    assert set(first) <= set(sight.rows)
    assert all("moved_lead_emails" not in row.data for row in sight.rows.values()), "none of them is kept"
    for job_id in first:
        del crowd.tallies[job_id]
    await crowd.scene.clock.sleep(30)

    fetched = 0
    transport = crowd.scene.sandbox.transport()

    async def weighed(request: httpx.Request) -> httpx.Response:
        nonlocal fetched
        answer = await transport.handle_async_request(request)
        fetched += len(answer.content)
        return answer

    crowd.looker._api._http._transport = httpx.MockTransport(weighed)
    sight = await crowd.look([] if feed else None, feed)

    assert sight.rows.keys() >= {*others, *later}
    assert {sight.rows[job_id].count("moved_leads") for job_id in later} == {HEAVY + 1}
    assert fetched < 1_000 * (number + 3), "under a kilobyte a job"


@virtually
async def test_heavy_jobs_that_still_run_are_seen_in_pages() -> None:
    crowd = Crowd()
    await crowd.started(1, leads=HEAVY + 1, seconds=1)
    await crowd.started(150, seconds=100)
    await crowd.scene.clock.sleep(5)
    await crowd.look([], feed=2)
    before = crowd.looks[LIST]

    sight = await crowd.look([], feed=2)

    assert len(sight.rows) == 151
    assert crowd.looks[LIST] - before == 2
    assert sight.requests == 2, "the ended one is asked for once; only pages come again"


# Failures.


@virtually
async def test_what_was_seen_before_a_look_broke_off_is_kept() -> None:
    crowd = Crowd()
    crowd.scene.sandbox.faults.add(Fault(kind="hide-job", seconds=1_000, count=2))
    one, other, *shown = await crowd.started(5, seconds=1)
    await crowd.scene.clock.sleep(10)
    crowd.scene.sandbox.faults.add(Fault(kind="status", status=503, path=f"/api/v2/background-jobs/{one}"))
    crowd.scene.sandbox.faults.add(Fault(kind="hang", seconds=1, path=f"/api/v2/background-jobs/{other}"))

    sight = await crowd.look()

    assert isinstance(sight.error, Ambiguous)
    assert set(sight.rows) == {other, *shown}


@virtually
async def test_a_feed_that_broke_off_is_read_again_from_where_the_last_whole_one_ended() -> None:
    crowd = Crowd()
    jobs = await crowd.started(250, seconds=5)
    await crowd.scene.clock.sleep(10)
    crowd.scene.sandbox.faults.add(Fault(kind="status", status=503, method="GET", skip=1))

    broken, whole = await crowd.look([], feed=3), await crowd.look([], feed=3)

    assert broken.error
    assert len(broken.rows) == 100
    assert set(whole.rows) == set(jobs)


@pytest.mark.parametrize("seed", range(5))
@virtually
async def test_odd_rows_cost_nobody_else_his_own(seed: int) -> None:
    rng = Random(seed)
    odd: list[Any] = [None, 7, {}, {"id": 7}, {"id": "b", "status": 7}, {"id": "b", "updated_at": "soon"}, [["x"]]]
    good = {"id": "a", "status": "success", "data": {"moved_leads": 3}}
    server = Saying(lambda _: {"items": rng.sample([*odd, good], len(odd) + 1)})
    tallies = {"a": Tally(), "b": Tally()}

    sight = await Looker(client(server)).look(Look(0.0, ("a", "b")), tallies)

    assert sight.rows["a"].count("moved_leads") == 3
    assert sight.error is None
