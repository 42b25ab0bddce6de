"""The rate limit, and what the sandbox tells of its clients."""

from typing import TYPE_CHECKING

import httpx
import pytest

from sandbox import Fault

if TYPE_CHECKING:
    from .conftest import Scene

JOBS = "/api/v2/background-jobs"


async def test_the_101st_request_within_a_second_is_a_429(scene: "Scene") -> None:
    statuses = [(await scene.client.get(JOBS)).status_code for _ in range(101)]
    scene.clock.time += 0.999
    still = (await scene.client.get(JOBS)).status_code
    scene.clock.time += 0.001

    assert statuses == [200] * 100 + [429]
    assert still == 429
    assert (await scene.client.get(JOBS)).status_code == 200


async def test_the_minute_holds_6000(scene: "Scene") -> None:
    scene.sandbox.limits.per_minute = 60  # the same window with a smaller number: 6,000 requests would only be slow
    for _ in range(60):
        await scene.client.get(JOBS)
        scene.clock.time += 0.5

    assert (await scene.client.get(JOBS)).status_code == 429
    scene.clock.time += 30
    assert (await scene.client.get(JOBS)).status_code == 200
    assert scene.sandbox.stats.throttled == 1


async def test_the_limit_can_be_switched_off(scene: "Scene") -> None:
    scene.sandbox.limits.per_second = None

    assert {(await scene.client.get(JOBS)).status_code for _ in range(150)} == {200}
    assert scene.sandbox.stats.second.worst == 150


async def test_stats_name_endpoints_by_their_template_and_count_lost_requests(scene: "Scene") -> None:
    scene.sandbox.faults.add(Fault(kind="lose-request"))
    with pytest.raises(httpx.ReadError):
        await scene.client.get(f"{JOBS}/{'0' * 24}")
    await scene.client.get(f"{JOBS}/{'1' * 24}")
    await scene.client.get("/api/v2/accounts/ana%40example.com")

    stats = (await scene.client.get("/sandbox/stats")).json()

    assert stats["requests"] == {
        "GET /api/v2/background-jobs/{id}": 2,
        "GET /api/v2/accounts/{email}": 1,
    }
    assert (stats["requests_total"], stats["worst_second"], stats["worst_minute"]) == (3, 3, 3)


async def test_lag_is_from_the_true_end_to_the_first_answer_that_tells_it(scene: "Scene") -> None:
    source, destination = scene.small(10)
    job_id = (await scene.move(source, destination)).json()["id"]
    scene.clock.time += 5
    scene.sandbox.faults.add(Fault(kind="lose-answer"), Fault(kind="half-body"))
    with pytest.raises(httpx.ReadError):
        await scene.job(job_id)
    await scene.client.get(f"{JOBS}/{job_id}")
    assert scene.sandbox.stats_now()["jobs"][0]["first_seen_ended_at"] is None

    scene.clock.time += 5
    await scene.rows()
    scene.clock.time += 5
    await scene.job(job_id)

    (row,) = scene.sandbox.stats_now()["jobs"]
    assert (row["id"], row["outcome"], row["moved_leads"]) == (job_id, "success", 10)
    assert row["ended_at"] == pytest.approx(row["created_at"] + 0.26)
    assert row["lag"] == pytest.approx(10 - 0.26)
