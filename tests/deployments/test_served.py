"""`lead-moves serve` on a real server: runs through the API, by schedule, after a crash, and who is told."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from deployments.catalogue import ROOT
from sandbox import Fault, Sandbox, Script, Settings, create, running
from tests.deployments.stage import (
    KEY,
    LEASE,
    PATIENCE,
    Channel,
    Stage,
    flow_processes,
    free_port,
    jobs,
    kill,
    move,
    prefect_server,
    save_channel,
    server_process,
    until,
)

MOVE = "/api/v2/leads/move"


class Served:
    """A server that can be killed, `lead-moves serve` beside it, and a channel that hears of trouble."""

    def __init__(self, folder: Path, instantly: Sandbox, url: str, ops: Channel) -> None:
        self.port = free_port()
        self.instantly, self.ops = instantly, ops
        self.stage = Stage(folder, f"http://127.0.0.1:{self.port}/api", url)
        self.servers = ExitStack()
        self.runner = 0

    def start_server(self) -> None:
        self.servers.enter_context(prefect_server(self.stage.folder, self.port))

    def script(self, **script: Any) -> None:
        """How the next move's job goes."""
        self.instantly.faults.add(Fault(kind="job", path=MOVE, script=Script(**script)))

    def started(self, name: str) -> str:
        """A move whose job takes so long that its run can be disturbed while it waits; the run's id."""
        self.script(duration=8.0)
        before = jobs(self.instantly)
        run_id = self.stage.start("move-leads", move(self.instantly, name))
        until(lambda: jobs(self.instantly) > before, "nothing was sent")
        return run_id

    def heard(self, word: str) -> dict[str, str]:
        until(lambda: bool(self.ops.heard(word)), f"nobody was told of «{word}»: {self.ops.messages}")
        return self.ops.heard(word)[0]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, ops: Channel) -> Iterator[Served]:
    instantly = create(leads=1_000, seed=5, settings=Settings(key=KEY, seconds_per_job=0.2))
    with running(instantly) as url:
        here = Served(tmp_path_factory.mktemp("served"), instantly, url, ops)
        with here.servers:
            here.start_server()
            save_channel(here.stage, ops)
            here.stage.deployed("--notify", "custom-webhook/ops")
            with here.stage.serving() as process:
                here.runner = process.pid
                yield here


def test_two_posts_with_one_idempotency_key_are_one_move(served: Served) -> None:
    before = jobs(served.instantly)
    asked = move(served.instantly, "by-api")

    ids = {served.stage.start("move-leads", asked, key="top-up-1") for _ in range(2)}
    [run] = [served.stage.ended(run_id) for run_id in ids]

    assert (run["state_name"], run["name"].partition(",")[0]) == ("Completed", "by-api → campaign 019f0000")
    assert jobs(served.instantly) - before == 1


def test_the_examples_of_the_docs_work_and_their_one_key_is_one_run(served: Served) -> None:
    before = jobs(served.instantly)

    from_python = _example(served, "```python\n", sys.executable, "-")
    from_curl = json.loads(_example(served, "```console\n$ ID=", "bash"))
    served.stage.ended(from_curl["id"])

    assert from_python == "Completed\n"
    assert from_curl["name"].startswith("eu-top-up → campaign"), "the run that the first one made"
    assert jobs(served.instantly) - before == 1


def _example(served: Served, begin: str, *command: str) -> str:
    """What an example of the docs prints, with real ids for its dots."""
    text = (ROOT / "docs" / "operations.md").read_text()
    example = begin.partition("\n")[2] + text.partition(begin)[2].partition("```")[0]
    for place in ("EU prospects", "New year launch"):
        example = example.replace("…", served.instantly.workspace.named(place).id, 1)
    stage, script = served.stage, example.replace("$ ", "")
    how = {"cwd": stage.folder, "env": stage.environment, "capture_output": True, "text": True}
    return str(subprocess.run(command, input=script, check=True, timeout=PATIENCE, **how).stdout)


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"mov": {}}, "mov: is no parameter of move-leads; known are move, occasion, credentials"),
        ({"move": {"name": "m", "request": {"lead_ids": ["x"]}}}, "move.request.lead_ids"),
        ({"move": {"name": "m", "request": {"list_id": "no-uuid"}}}, "move.request.list_id: must be an id such as"),
        ({"move": "everything"}, "move"),
    ],
)
def test_what_the_server_lets_pass_the_flow_refuses_in_words(
    served: Served, parameters: dict[str, Any], sentence: str
) -> None:
    before = jobs(served.instantly)

    run_id = served.stage.start("move-leads", parameters)

    # A parameter that the flow does not have looks like a crash at first, until its hook says what was wrong.
    until(lambda: served.stage.run(run_id)["state_name"] == "BadInput", "it was not refused")
    said = served.stage.run(run_id)["state"]["message"]
    assert said.startswith("Nothing was sent: ")
    assert sentence in said, said
    assert jobs(served.instantly) == before
    assert "Nothing was sent" in served.heard("run broke")["body"]


def test_a_scheduled_run_that_is_repeated_or_made_up_for_sends_once(served: Served) -> None:
    stage, before = served.stage, jobs(served.instantly)
    deployment = stage.deployment("move-leads")["id"]
    due = datetime.now(UTC) + timedelta(seconds=6)
    schedule = {"interval": 86_400, "anchor_date": due.isoformat(), "timezone": "Europe/Berlin"}
    parameters = move(served.instantly, "daily")
    asked = [{"active": True, "slug": "daily", "schedule": schedule, "parameters": parameters}]
    stage.post(f"/deployments/{deployment}/schedules", asked)

    until(lambda: bool(_scheduled(stage, deployment)), "the schedule made no run")
    [first, *_] = _scheduled(stage, deployment)
    run = stage.ended(first["id"])
    known = jobs(served.instantly) - before
    # Somebody presses «Retry», and somebody makes up for the day by hand.
    again = {"state": {"type": "SCHEDULED", "name": "AwaitingRetry"}, "force": True}
    stage.post(f"/flow_runs/{first['id']}/set_state", again)
    until(lambda: stage.run(first["id"])["run_count"] > run["run_count"], "it was not retried")
    retried = stage.ended(first["id"])
    made_up = stage.ended(stage.start("move-leads", parameters | {"occasion": first["expected_start_time"]}))
    for each in stage.get(f"/deployments/{deployment}/schedules"):
        stage.ask("DELETE", f"/deployments/{deployment}/schedules/{each['id']}")

    assert (known, jobs(served.instantly) - before) == (1, 1)
    assert {each["state_name"] for each in (run, retried, made_up)} == {"Completed"}


def test_a_failed_move_is_told_with_its_way_and_what_to_do(served: Served) -> None:
    served.script(outcome="failed", duration=0.2)

    run = served.stage.ended(served.stage.start("move-leads", move(served.instantly, "doomed")))
    told = served.heard("doomed: failed")["body"]

    assert run["state_name"] == "Failed"
    places = served.instantly.workspace.named
    assert f"from list {places('EU prospects').id} to campaign {places('New year launch').id}" in told
    assert "moving again needs a new occasion" in told
    assert f"/flow-run/{run['id']}" in told


def test_a_move_that_nobody_can_tell_from_anothers_is_told_as_in_doubt(served: Served) -> None:
    """Its answer has no id, and the job list cannot be read."""
    served.instantly.faults.add(
        Fault(kind="no-id", path=MOVE),
        Fault(kind="status", path="/api/v2/background-jobs", count=None, status=400, skip=1),
    )

    asked = move(served.instantly, "doubtful")
    asked["move"]["deadline"] = "PT1S"

    run = served.stage.ended(served.stage.start("move-leads", asked))
    served.instantly.faults.clear()

    assert run["state_name"] == "InDoubt"
    assert "lead-moves resume" in served.heard("doubtful: in-doubt")["body"]
    finished = served.stage.ended(served.stage.start("resume-moves", {}))
    assert finished["state_name"] == "Completed"


def test_a_success_can_start_another_deployment(served: Served) -> None:
    [automation] = [
        each for each in served.stage.post("/automations/filter", {}) if each["name"].endswith("after success")
    ]
    switch = f"/automations/{automation['id']}"
    served.stage.ask("PATCH", switch, {"enabled": True})

    served.stage.ended(served.stage.start("move-leads", move(served.instantly, "first")))
    until(lambda: bool(_runs(served.stage, "enable-warmup")), "no warmup was started")
    served.stage.ask("PATCH", switch, {"enabled": False})

    [warmup, *_] = _runs(served.stage, "enable-warmup")
    served.stage.ended(warmup["id"])


def test_a_run_that_nobody_makes_is_told_as_late_and_made_once(served: Served) -> None:
    before = jobs(served.instantly)
    os.kill(served.runner, signal.SIGSTOP)
    try:
        run_id = served.stage.start("move-leads", move(served.instantly, "waiting"))
        told = served.heard("run late")
    finally:
        os.kill(served.runner, signal.SIGCONT)

    assert "Look whether a worker (or lead-moves serve) runs" in told["body"]
    assert served.stage.ended(run_id)["state_name"] == "Completed"
    assert jobs(served.instantly) - before == 1


def test_a_killed_run_is_told_and_finished_once(served: Served) -> None:
    before = jobs(served.instantly)
    run_id = served.started("killed")
    for flow in flow_processes(served.runner):
        kill(flow)
    begun = time.monotonic()

    assert served.stage.ended(run_id)["state_name"] == "Crashed"
    assert "finishes its moves within five minutes" in served.heard("run crashed")["body"]
    time.sleep(LEASE)  # the dead owner's lease runs out
    run = served.stage.ended(served.stage.start("resume-moves", {}))
    print(f"finished {time.monotonic() - begun:.1f} s after the kill, of a job of 8 s")

    assert (run["state_name"], run["name"].partition(",")[0]) == ("Completed", "killed → campaign 019f0000")
    assert jobs(served.instantly) - before == 1


def test_a_server_that_is_killed_and_comes_back_loses_no_move(served: Served) -> None:
    before = jobs(served.instantly)
    run_id = served.started("orphaned")
    kill(server_process(served.stage.api))
    time.sleep(1)  # nobody answers
    served.start_server()

    ended = served.stage.ended(run_id)
    if ended["state_type"] != "COMPLETED":  # it could not say how it ended
        time.sleep(LEASE)
        ended = served.stage.ended(served.stage.start("resume-moves", {}))

    assert (ended["state_name"], ended["name"].partition(",")[0]) == ("Completed", "orphaned → campaign 019f0000")
    assert jobs(served.instantly) - before == 1


def test_a_run_that_a_person_cancels_sends_no_more(served: Served) -> None:
    """The second move waits for the list of the first; `resume-moves` finishes the first, and leaves the second."""
    before = jobs(served.instantly)
    served.script(duration=8.0)
    moves = [move(served.instantly, name)["move"] for name in ("stopped", "never sent")]
    run_id = served.stage.start("move-plan", {"plan": {"moves": moves}})
    until(lambda: jobs(served.instantly) > before, "nothing was sent")

    cancelling = {"state": {"type": "CANCELLING", "name": "Cancelling"}, "force": True}
    served.stage.post(f"/flow_runs/{run_id}/set_state", cancelling)

    assert served.stage.ended(run_id)["state_name"] == "Cancelled"
    time.sleep(LEASE)
    run = served.stage.ended(served.stage.start("resume-moves", {}))
    assert (run["state_name"], run["name"].partition(",")[0]) == ("Completed", "stopped → campaign 019f0000")
    assert jobs(served.instantly) - before == 1


def _runs(stage: Stage, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = stage.post("/flow_runs/filter", {"deployments": {"name": {"any_": [name]}}})
    return found


def _scheduled(stage: Stage, deployment: str) -> list[dict[str, Any]]:
    """Runs that the schedule made, the earliest first."""
    mine = {"deployments": {"id": {"any_": [deployment]}}, "sort": "EXPECTED_START_TIME_ASC"}
    return [run for run in stage.post("/flow_runs/filter", mine) if run["auto_scheduled"]]
