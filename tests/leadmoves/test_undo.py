"""The way back of a move in virtual time: what goes back, in which requests, and what cannot."""

import re
from pathlib import Path
from typing import Any

import pytest

from leadmoves.course import Course
from leadmoves.errors import InvalidInput
from leadmoves.plan import Plan
from leadmoves.undo import KNOWN, way_back
from tests.leadmoves.office import Office, office
from tests.leadmoves.scene import virtually


async def moved(here: Office, move: dict[str, Any]) -> Course:
    """A move brought to its end."""
    course = await here.course(move)
    await course.submit()
    await course.conclude(course.report(await course.ending()))
    return course


async def back(here: Office, course: Course) -> Plan:
    return await way_back(here.desk.api, course.row)


@virtually
async def test_what_moved_goes_back_and_nothing_else(tmp_path: Path) -> None:
    async with office(tmp_path) as here:
        move = here.move(leads=5, deadline="PT7M", notify=["custom-webhook/ops"], expect={"at_least": 1})
        source, destination = move["request"]["list_id"], move["request"]["to_campaign_id"]
        workspace = here.scene.sandbox.workspace
        workspace.add_leads(workspace.places[destination], 4)  # were there before
        course = await moved(here, move)

        [entry] = (await back(here, course)).moves
        await moved(here, entry.model_dump(mode="json", by_alias=True, exclude_none=True))

        assert (entry.request.campaign, entry.request.to_list_id) == (destination, source)
        assert (entry.deadline.total_seconds(), entry.notify) == (420, ("custom-webhook/ops",))
        assert entry.expect is None, "what a selection should find says nothing of its way back"
        assert len(entry.request.contacts or ()) == 3
        assert [workspace.size(place) for place in (source, destination)] == [5, 4]


@virtually
async def test_many_leads_go_back_in_several_requests(tmp_path: Path) -> None:
    async with office(tmp_path) as here:
        request = here.scene.body(2_500)
        course = await moved(here, {"name": "n" * 100, "request": request, "whole_source": True})

        plan = await back(here, course)

        assert [len(move.request.contacts or ()) for move in plan.moves] == [1_000, 1_000, 500]
        assert [move.name[-6:] for move in plan.moves] == [" [1/3]", " [2/3]", " [3/3]"]
        assert len({move.name for move in plan.moves}) == 3


@virtually
async def test_what_cannot_be_undone_is_refused_with_its_reason(tmp_path: Path) -> None:
    async with office(tmp_path) as here:
        unsent = await here.course(here.move(name="unsent"))
        copied = await moved(here, {"name": "copied", "request": here.scene.body(5, limit=3, copy_leads=True)})
        here.script(outcome="moves-nothing")
        idle = await moved(here, here.move(name="idle"))
        many = await moved(
            here, {"name": "many", "request": here.scene.body(KNOWN + 1), "whole_source": True, "deadline": "PT9H"}
        )
        here.script(duration=7_200)
        running = await here.course(here.move(name="running", deadline="PT1M"))
        await running.submit()

        for course, why in (
            (unsent, "no job moved anything"),
            (copied, "it copied leads; delete the copies in Instantly"),
            (idle, "its job has not moved anything"),
            (many, "it moved more than the 10,000 leads whose addresses the job keeps"),
            (running, "its job has not moved anything"),
        ):
            with pytest.raises(InvalidInput, match=re.escape(f"({course.row.name}) cannot be undone: {why}")):
                await back(here, course)
