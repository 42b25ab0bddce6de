"""Runs by API and by schedule under `lead-moves serve`: once, refused in plain words, finished after a kill."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from subprocess import Popen
from typing import Any

import httpx
import pytest
from prefect.blocks.notifications import CustomWebhookNotificationBlock
from prefect.settings import PREFECT_API_URL, temporary_settings

from sandbox import Sandbox
from tests.deployments.stage import LEASE, Channel, Stage, descendants, flow_processes, kill, until

Served = Popen[bytes]


@pytest.fixture(scope="module")
def served(stage: Stage, ops: Channel) -> Iterator[Served]:
    """`lead-moves serve`, with automations that tell the channel."""
    with temporary_settings({PREFECT_API_URL: stage.api}):
        said = {"subject": "{{subject}}", "body": "{{body}}"}
        block = CustomWebhookNotificationBlock(name="ops", url=ops.url, json_data=said)
        block.save("ops", overwrite=True, _sync=True)
    assert stage.lead_moves("deploy", "--notify", "custom-webhook/ops").returncode == 0
    with stage.serving() as process:
        yield process


def move(instantly: Sandbox, name: str, **more: Any) -> dict[str, Any]:
    """Parameters as the run form gives them."""
    places = instantly.workspace.named
    source, to = places("EU prospects").id, places("New year launch").id
    request = {"list_id": source, "to_campaign_id": to, "esp_code": "Google", "limit": 5}
    return {"move": {"name": name, "request": request | more}}


def jobs(instantly: Sandbox) -> int:
    return sum(job.type == "move-leads" for job in instantly.jobs.by_id.values())


def test_two_posts_with_one_key_are_one_move(stage: Stage, instantly: Sandbox, served: Served) -> None:
    before = jobs(instantly)
    first = stage.start("move-leads", move(instantly, "by-api"), "order-4711")
    second = stage.start("move-leads", move(instantly, "by-api"), "order-4711")
    assert first == second
    run = stage.ended(first)
    assert (run["state_name"], run["name"]) == ("Completed", "by-api: 5 of 5")
    assert jobs(instantly) - before == 1

    source = move(instantly, "")["move"]["request"]["list_id"]
    assert f"list:{source}" in run["tags"]
    [table] = [each for each in artifacts(stage, first) if each["type"] == "table"]
    assert "https://app.instantly.ai/app/campaign/" in table["description"]


def artifacts(stage: Stage, run_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = stage.post(
        "/artifacts/filter", {"artifacts": {"flow_run_id": {"any_": [run_id]}}}
    )
    return found


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"list_id": "EU prospects"}, "move.request.list_id: must be an id such as"),
        ({"filter": "not contactd"}, "did you mean FILTER_VAL_NOT_CONTACTED (not contacted)?"),
        ({"lmit": 5}, "move.request.lmit: is no known key; did you mean limit?"),
    ],
)
def test_what_the_form_cannot_check_is_refused_by_the_flow_at_once(
    wrong: dict[str, Any], sentence: str, stage: Stage, instantly: Sandbox, served: Served
) -> None:
    before = jobs(instantly)
    run = stage.ended(stage.start("move-leads", move(instantly, "bad", **wrong)))
    assert run["state_name"] == "Failed"
    assert sentence in run["state"]["message"]
    assert run["total_run_time"] < 2.0
    assert jobs(instantly) == before


def test_an_unknown_parameter_is_refused_by_the_flow(stage: Stage, instantly: Sandbox, served: Served) -> None:
    run = stage.ended(stage.start("move-leads", move(instantly, "bad") | {"dry_run": True}))
    assert run["state_name"] == "Failed"
    assert "dry_run" in run["state"]["message"]


def test_a_scheduled_run_that_is_late_repeated_or_made_up_for_sends_once(
    stage: Stage, instantly: Sandbox, served: Served
) -> None:
    before = jobs(instantly)
    deployment = stage.deployment("move-leads")["id"]
    due = datetime.now(UTC) + timedelta(seconds=3)
    hourly = {"interval": 3600, "anchor_date": due.isoformat()}
    schedule = {"schedule": hourly, "slug": "hourly", "parameters": move(instantly, "top-up")}
    path = f"{stage.api}/deployments/{deployment}/schedules"
    [made] = httpx.post(path, json=[schedule]).raise_for_status().json()
    scheduled = {"deployments": {"id": {"any_": [deployment]}}, "sort": "EXPECTED_START_TIME_ASC"}
    scheduled["flow_runs"] = {"auto_scheduled": None, "name": {"like_": ""}}
    until(lambda: bool(due_runs(stage, deployment)), "nothing was scheduled")
    run = stage.ended(due_runs(stage, deployment)[0]["id"])
    httpx.delete(f"{path}/{made['id']}").raise_for_status()
    assert run["state_name"] == "Completed"
    assert jobs(instantly) - before == 1

    again = {"state": {"type": "SCHEDULED", "name": "AwaitingRetry"}, "force": True}
    stage.post(f"/flow_runs/{run['id']}/set_state", again)
    until(lambda: stage.run(run["id"])["run_count"] == 2, "it was not repeated")
    assert stage.ended(run["id"])["state_name"] == "Completed"

    elsewhere = datetime.fromisoformat(run["expected_start_time"]).astimezone(timezone(timedelta(hours=5)))
    made_up_for = move(instantly, "top-up") | {"occasion": elsewhere.isoformat()}
    assert stage.ended(stage.start("move-leads", made_up_for))["state_name"] == "Completed"
    assert jobs(instantly) - before == 1


def due_runs(stage: Stage, deployment: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = stage.post(
        "/flow_runs/filter",
        {"deployments": {"id": {"any_": [deployment]}}, "sort": "EXPECTED_START_TIME_ASC"},
    )
    return [each for each in found if each["auto_scheduled"]]


def test_a_branch_of_a_move_is_told_in_words(
    stage: Stage, instantly: Sandbox, served: Served, ops: Channel
) -> None:
    """Through an automation: the move itself names no channel."""
    run = stage.ended(stage.start("move-leads", move(instantly, "wrong-place", list_id=NOWHERE)))
    assert run["state_name"] in {"Refused", "Failed", "NothingMoved"}, run["state"]
    until(lambda: bool(ops.heard("wrong-place")), "nobody was told")
    [told] = ops.heard("wrong-place")
    assert NOWHERE in told["body"]
    assert run["id"] in told["body"]


NOWHERE = "019f0000-0000-7000-8000-000000000000"


@pytest.mark.usefixtures("slow")
def test_a_run_that_is_killed_in_the_middle_of_its_wait_is_finished_once(
    stage: Stage, instantly: Sandbox, served: Served, ops: Channel
) -> None:
    before = jobs(instantly)
    run_id = stage.start("move-leads", move(instantly, "killed"))
    until(lambda: jobs(instantly) > before, "nothing was sent")
    for flow in flow_processes(served.pid):
        kill(flow)
    assert stage.ended(run_id)["state_name"] == "Crashed"
    time.sleep(LEASE)  # the dead owner's lease runs out
    run = stage.ended(stage.start("resume-moves", {}))
    assert (run["state_name"], run["name"]) == ("Completed", "killed: 5 of 5")
    assert jobs(instantly) - before == 1
    until(lambda: bool(ops.heard("run crashed")), "nobody was told")
    assert "finishes its moves within five minutes, once" in ops.heard("run crashed")[0]["body"]


def test_nothing_is_left_running_in_the_end(served: Served) -> None:
    until(lambda: not flow_processes(served.pid), "a flow process outlives its run")
    assert descendants(served.pid) == [] or not flow_processes(served.pid)
