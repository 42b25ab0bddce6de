"""Preview a plan: how many leads each move would take, counted without moving anything."""

from typing import Any

from prefect import flow
from prefect.artifacts import acreate_table_artifact
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows.desk import open_desk
from flows.move_leads import as_given
from flows.occasion import Text
from flows.refused import refusing, say_what_was_wrong
from leadmoves.plan import Plan, check_plan
from leadmoves.preview import preview


@flow(name="preview-plan", validate_parameters=False, persist_result=True, on_crashed=[say_what_was_wrong])
@refusing
async def preview_plan(plan: Plan, credentials: Text = None) -> State[Any]:
    """Count the leads that each move of a plan would take; nothing is moved.

    Args:
        plan: The moves.
        credentials: Name of an Instantly Credentials block; by default the worker's INSTANTLY_API_KEY.

    """
    checked = check_plan(as_given(plan))
    async with open_desk(credentials, moves=0) as desk:
        seen = [(move.name, await preview(desk.workspace.api, move.request.body())) for move in checked.moves]
    lines = [
        {"name": name, "would move": str(leads), "not applied": ", ".join(leads.inexact)} for name, leads in seen
    ]
    await acreate_table_artifact(lines, key="preview", description="What the plan would move")
    return Completed(message=f"{len(lines)} moves counted", data={"moves": lines})
