"""Runs by a process worker that was started in a folder of its own: the code is found, a killed run is finished."""

import time
from collections.abc import Iterator
from subprocess import Popen

import pytest

from sandbox import Sandbox
from tests.deployments.stage import LEASE, Stage, flow_processes, jobs, kill, move, until

Worker = Popen[bytes]


@pytest.fixture(scope="module")
def worker(stage: Stage) -> Iterator[Worker]:
    stage.deployed()
    with stage.working() as process:
        yield process


@pytest.mark.usefixtures("slow")
def test_a_killed_run_of_a_worker_is_finished_once(stage: Stage, instantly: Sandbox, worker: Worker) -> None:
    before = jobs(instantly)
    run_id = stage.start("move-leads", move(instantly, "killed"))
    until(lambda: jobs(instantly) > before, "nothing was sent")
    for flow in flow_processes(worker.pid):
        kill(flow)
    assert stage.ended(run_id)["state_name"] == "Crashed"
    time.sleep(LEASE)  # the dead owner's lease runs out
    run = stage.ended(stage.start("resume-moves", {}))
    assert (run["state_name"], run["name"].partition(",")[0]) == ("Completed", "killed → campaign 019f0000")
    assert jobs(instantly) - before == 1


def test_parameters_near_the_limit_are_told_what_to_use_instead(
    stage: Stage, instantly: Sandbox, worker: Worker
) -> None:
    contacts = [f"somebody.{n:06}@example.com" for n in range(14_000)]
    run = stage.ended(stage.start("move-leads", move(instantly, "many", contacts=contacts)))
    assert run["state_type"] in {"COMPLETED", "FAILED"}
    said = "Prefect refuses more than 512: give contacts_file (a CSV) or plan_file"
    wanted = {"logs": {"flow_run_id": {"any_": [run["id"]]}}}
    until(lambda: said in str(stage.post("/logs/filter", wanted)), "its log does not say what to use instead")


@pytest.mark.usefixtures("slow")
def test_a_machine_that_dies_leaves_its_move_to_the_next(stage: Stage, instantly: Sandbox, worker: Worker) -> None:
    """Worker and run at once: nobody is left to say that it crashed."""
    before = jobs(instantly)
    stage.start("move-leads", move(instantly, "abandoned"))
    until(lambda: jobs(instantly) > before, "nothing was sent")
    for pid in (worker.pid, *flow_processes(worker.pid)):
        kill(pid)

    with stage.working():
        time.sleep(LEASE)
        run = stage.ended(stage.start("resume-moves", {}))

    assert (run["state_name"], run["name"].partition(",")[0]) == ("Completed", "abandoned → campaign 019f0000")
    assert jobs(instantly) - before == 1
