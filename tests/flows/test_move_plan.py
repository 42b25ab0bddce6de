"""The flow `move_plan`: many moves, those that share a list or campaign in order."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from flows.move_plan import move_plan

if TYPE_CHECKING:
    from .conftest import Ran, Scene

    Run = Callable[..., Awaitable[Ran]]

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # see test_move_leads


async def test_thirty_moves_over_shared_lists_all_succeed(scene: "Scene", run: "Run") -> None:
    lists = [scene.workspace.add_list(f"L{n}") for n in range(15)]
    campaigns = [scene.workspace.add_campaign(f"C{n}") for n in range(10)]
    for place in lists:
        scene.workspace.add_leads(place, 10)
    pairs = [(lists[n % 15], campaigns[n % 10]) for n in range(30)]
    moves = [
        {"name": f"{a.name} to {b.name}", "request": {"list_id": a.id, "to_campaign_id": b.id, "limit": 5}}
        for a, b in pairs
    ]

    ran = await run(move_plan, plan={"moves": moves})

    assert ran.state.is_completed()
    assert [move.name for move in ran.report.moves] == [move["name"] for move in moves]
    assert {(move.outcome, move.moved_leads) for move in ran.report.moves} == {("succeeded", 5)}
    assert scene.posts == len(scene.jobs) == 30  # not one 409: what shares a place waited its turn
    assert [scene.workspace.size(campaign.id) for campaign in campaigns] == [15] * 10


@pytest.mark.parametrize(("stop", "ends"), [(True, ["failed", "not-sent"]), (False, ["failed", "succeeded"])])
async def test_a_failure_stops_the_rest_only_where_the_plan_says_so(
    scene: "Scene", run: "Run", *, stop: bool, ends: list[str]
) -> None:
    scene.script(outcome="failed", duration=0.2)
    plan = {"moves": [scene.move("first"), scene.move("second")], "stop_on_failure": stop}

    ran = await run(move_plan, plan=plan)

    assert [move.outcome for move in ran.report.moves] == ends
    assert ran.state.name == "Failed"
    assert scene.posts == 2 - stop


async def test_a_status_that_is_no_end_is_waited_out(
    scene: "Scene", run: "Run", caplog: pytest.LogCaptureFixture
) -> None:
    moves = []
    for status in ("draining", "paused", "reticulating-splines"):
        scene.script(outcome=status, duration=0.2, held_seconds=1.5)
        source, destination = scene.workspace.add_list(status), scene.workspace.add_campaign(status)
        scene.workspace.add_leads(source, 10)
        request = {"list_id": source.id, "to_campaign_id": destination.id, "limit": 10}
        moves.append({"name": status, "request": request})

    ran = await run(move_plan, plan={"moves": moves})

    assert {(move.outcome, move.moved_leads) for move in ran.report.moves} == {("succeeded", 10)}
    assert "unknown status «reticulating-splines»" in caplog.text  # so it was seen, and told


async def test_the_state_is_named_after_the_worst_outcome(scene: "Scene", run: "Run") -> None:
    scene.script(outcome="moves-nothing", duration=0.1)
    scene.script(duration=3600)
    moves = [scene.move("empty"), scene.move("endless", deadline="PT1S")]

    ran = await run(move_plan, plan={"moves": moves})

    assert [move.outcome for move in ran.report.moves] == ["nothing-moved", "still-running"]
    assert ran.state.name == "StillRunning"


async def test_a_plan_file_is_read_where_the_flow_runs(scene: "Scene", run: "Run", tmp_path: Path) -> None:
    (tmp_path / "leads.csv").write_text("email\n" + "\n".join(_addresses(scene, 3)))
    move = scene.move(limit=None, contacts_file="leads.csv")
    (tmp_path / "plan.yaml").write_text(yaml.safe_dump({"moves": [move]}))

    ran = await run(move_plan, plan_file=str(tmp_path / "plan.yaml"))

    assert (ran.move.outcome, ran.move.moved_leads) == ("succeeded", 3)


def _addresses(scene: "Scene", count: int) -> list[str]:
    return [str(lead.email) for lead in scene.workspace.members(scene.source.id)][:count]
