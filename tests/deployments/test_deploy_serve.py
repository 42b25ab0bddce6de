"""Runs by API and by schedule under `lead-moves serve`: once, refused in plain words, finished after a kill."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from subprocess import Popen
from typing import Any

import pytest
from prefect.blocks.notifications import CustomWebhookNotificationBlock
from prefect.settings import PREFECT_API_URL, temporary_settings

from sandbox import Sandbox
from tests.deployments.stage import LEASE, Channel, Stage, flow_processes, jobs, kill, move, until

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
    run_id = stage.start("move-leads", move(instantly, "bad") | {"dry_run": True})
    until(lambda: stage.run(run_id)["state_name"] == "Failed", "it was not refused")
    run = stage.run(run_id)
    assert (
        "dry_run: is no parameter of move-leads; known are move, occasion, credentials" in run["state"]["message"]
    )


def test_a_scheduled_run_that_is_late_repeated_or_made_up_for_sends_once(
    stage: Stage, instantly: Sandbox, served: Served
) -> None:
    before = jobs(instantly)
    run = stage.ended(scheduled_run(stage, move(instantly, "top-up")))
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


def scheduled_run(stage: Stage, parameters: dict[str, Any]) -> str:
    """The id of a run of the scheduler, due in some seconds; a busy scheduler misses the first ones."""
    deployment = stage.deployment("move-leads")["id"]
    path = f"/deployments/{deployment}/schedules"
    made: list[dict[str, Any]] = []

    def due() -> bool:
        soon = datetime.now(UTC) + timedelta(seconds=6)
        hourly = {"interval": 3600, "anchor_date": soon.isoformat()}
        [schedule] = stage.post(path, [{"schedule": hourly, "parameters": parameters}])
        while not made and datetime.now(UTC) < soon:
            made.extend(each for each in _scheduled(stage, deployment) if _close(each["expected_start_time"], soon))
            time.sleep(0.1)
        if not made:
            stage.ask("DELETE", f"{path}/{schedule['id']}")
        return bool(made)

    until(due, "nothing was scheduled")
    return str(made[0]["id"])


def _close(time_: str, soon: datetime) -> bool:
    return abs(datetime.fromisoformat(time_) - soon) < timedelta(seconds=1)


def _scheduled(stage: Stage, deployment: str) -> list[dict[str, Any]]:
    ours = {"deployments": {"id": {"any_": [deployment]}}, "sort": "EXPECTED_START_TIME_DESC"}
    return [each for each in stage.post("/flow_runs/filter", ours) if each["auto_scheduled"]]


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
