"""Each fault as a client of httpx meets it, in process."""

from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from sandbox import Fault

if TYPE_CHECKING:
    from .conftest import Scene

MOVE = "/api/v2/leads/move"
JOBS = "/api/v2/background-jobs"


async def struck(scene: "Scene", **fault: Any) -> httpx.Response:
    """One move under a fault."""
    scene.sandbox.faults.add(Fault(path=MOVE, **fault))
    return await scene.move(*scene.small())


def jobs(scene: "Scene") -> int:
    return len(scene.sandbox.jobs.by_id)


@pytest.mark.parametrize(
    ("kind", "error", "made"),
    [
        ("refuse-connection", httpx.ConnectError, 0),
        ("lose-request", httpx.ReadError, 0),
        ("lose-answer", httpx.ReadError, 1),
    ],
)
async def test_a_lost_connection_with_and_without_effect(scene: "Scene", kind: Any, error: Any, made: int) -> None:
    with pytest.raises(error):
        await struck(scene, kind=kind)

    assert jobs(scene) == made


@pytest.mark.parametrize(("effect", "made"), [(True, 1), (False, 0)])
async def test_a_hang_beyond_the_read_timeout_is_a_read_timeout(scene: "Scene", effect: bool, made: int) -> None:
    scene.client.timeout = httpx.Timeout(5)
    started = scene.clock.time

    with pytest.raises(httpx.ReadTimeout):
        await struck(scene, kind="hang", seconds=30, effect=effect)

    assert scene.clock.time - started == 5
    assert jobs(scene) == made


async def test_a_short_hang_answers_late(scene: "Scene") -> None:
    started = scene.clock.time

    answer = await struck(scene, kind="hang", seconds=2)

    assert (answer.status_code, scene.clock.time - started) == (200, 2)


async def test_429_with_seconds_with_a_date_and_bare(scene: "Scene") -> None:
    bare = await struck(scene, kind="status", status=429)
    seconds = await struck(scene, kind="status", status=429, retry_after=7)
    date = await struck(scene, kind="status", status=429, retry_after=7, retry_after_as="date")

    assert bare.json() == {"statusCode": 429, "error": "Too Many Requests", "message": "Rate limit exceeded"}
    assert "retry-after" not in bare.headers
    assert seconds.headers["retry-after"] == "7"
    assert parsedate_to_datetime(date.headers["retry-after"]).timestamp() == scene.clock.time + 7
    assert (jobs(scene), scene.sandbox.stats.throttled_by_fault, scene.sandbox.stats.throttled) == (0, 3, 0)


@pytest.mark.parametrize(("effect", "made"), [(True, 1), (False, 0)])
@pytest.mark.parametrize("status", [500, 502, 503, 520])
async def test_5xx_with_and_without_the_effect(scene: "Scene", status: int, effect: bool, made: int) -> None:
    answer = await struck(scene, kind="status", status=status, effect=effect)

    assert (answer.status_code, jobs(scene)) == (status, made)


@pytest.mark.parametrize("status", [401, 402, 403, 404])
async def test_a_refusal_can_be_forced(scene: "Scene", status: int) -> None:
    answer = await struck(scene, kind="status", status=status)

    assert (answer.status_code, answer.json()["statusCode"], jobs(scene)) == (status, status, 0)


@pytest.mark.parametrize("status", [200, 502])
async def test_an_html_page_instead_of_json(scene: "Scene", status: int) -> None:
    answer = await struck(scene, kind="html", status=status, effect=True)

    assert (answer.status_code, answer.headers["content-type"], jobs(scene)) == (status, "text/html", 1)
    assert answer.text.startswith("<html>")


async def test_half_a_body_cannot_be_read(scene: "Scene") -> None:
    answer = await struck(scene, kind="half-body")

    assert (answer.status_code, jobs(scene)) == (200, 1)
    with pytest.raises(ValueError, match=r".+"):
        answer.json()


async def test_an_answer_without_an_id(scene: "Scene") -> None:
    answer = await struck(scene, kind="no-id")

    assert (answer.status_code, "id" in answer.json(), jobs(scene)) == (200, False, 1)


async def test_a_new_job_can_be_hidden_from_the_list_for_a_while(scene: "Scene") -> None:
    job_id = (await struck(scene, kind="hide-job", seconds=3)).json()["id"]

    assert (await scene.rows(), await scene.rows(ids=job_id)) == ([], [])
    assert (await scene.job(job_id))["id"] == job_id
    scene.clock.time += 3
    assert len(await scene.rows()) == 1


async def test_a_new_job_can_be_a_404_for_a_while(scene: "Scene") -> None:
    job_id = (await struck(scene, kind="hide-job", seconds=3, from_list=False, from_get=True)).json()["id"]

    assert (await scene.client.get(f"{JOBS}/{job_id}")).status_code == 404
    assert len(await scene.rows()) == 1
    scene.clock.time += 3
    assert (await scene.job(job_id))["id"] == job_id


async def test_hiding_goes_together_with_a_lost_answer(scene: "Scene") -> None:
    scene.sandbox.faults.add(Fault(kind="hide-job", seconds=3))

    with pytest.raises(httpx.ReadError):
        await struck(scene, kind="lose-answer")

    assert (jobs(scene), await scene.rows()) == (1, [])


async def test_the_clock_of_the_api_can_differ(scene: "Scene") -> None:
    straight = (await struck(scene, kind="hide-job")).json()["created_at"]
    scene.sandbox.faults.add(Fault(kind="clock-skew", seconds=3_600))

    answer = await scene.client.get(JOBS)

    assert parsedate_to_datetime(answer.headers["date"]).timestamp() == scene.clock.time + 3_600
    assert answer.json()["items"][0]["created_at"] > straight


async def test_a_fault_strikes_as_often_as_told_and_only_where_told(scene: "Scene") -> None:
    scene.sandbox.faults.add(Fault(kind="status", status=500, method="get", path=JOBS, count=2, skip=1))

    statuses = [(await scene.client.get(JOBS)).status_code for _ in range(5)]
    other = await scene.client.get("/api/v2/campaigns")

    assert (statuses, other.status_code) == ([200, 500, 500, 200, 200], 200)


async def test_a_probable_fault_strikes_alike_for_the_same_seed(scene: "Scene", full: "Scene") -> None:
    struck_at = []
    for one in (scene, full):
        one.sandbox.faults.add(Fault(kind="status", count=None, probability=0.3))
        struck_at.append([(await one.client.get(JOBS)).status_code for _ in range(50)])

    assert struck_at[0] == struck_at[1]
    assert 5 < struck_at[0].count(503) < 25


async def test_faults_are_switched_over_http_without_a_key(scene: "Scene") -> None:
    del scene.client.headers["authorization"]
    fault = {"kind": "job", "count": 3, "script": {"outcome": "stalled", "progress": "none"}}

    added = await scene.client.post("/sandbox/faults", json=[fault, {"kind": "lose-answer"}])
    wrong = await scene.client.post("/sandbox/faults", json={"kind": "earthquake"})
    cleared = await scene.client.delete("/sandbox/faults")

    assert [row["kind"] for row in added.json()] == ["job", "lose-answer"]
    assert wrong.status_code == 400
    assert cleared.json() == (await scene.client.get("/sandbox/faults")).json() == []
