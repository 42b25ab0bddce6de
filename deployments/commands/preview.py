"""`lead-moves preview`: what a plan would take, counted through the API; moves nothing and needs no Prefect."""

import asyncio
from pathlib import Path

from deployments.commands.screen import print_report
from leadmoves.begin import intent_of
from leadmoves.errors import ApiError
from leadmoves.jobs import Outcome
from leadmoves.outcome.report import MoveReport, Report
from leadmoves.plan import Move, Plan, read_plan
from leadmoves.preview import preview
from leadmoves.settings import read_settings
from leadmoves.workspace import Workspace, open_workspace

OCCASION = "preview"


def preview_plan(path: Path, *, as_json: bool) -> int:
    """Print how many leads each move would take; 1 where one could not be counted."""
    plan = read_plan(path)
    report = asyncio.run(_counted(plan))
    print_report(report, as_json=as_json, advise=False)
    return 1 if any(move.outcome is Outcome.REFUSED for move in report.moves) else 0


async def _counted(plan: Plan) -> Report:
    settings = read_settings()
    async with open_workspace(settings, settings.required_key()) as desk:
        return Report(occasion=OCCASION, moves=tuple([await _one(desk, move) for move in plan.moves]))


async def _one(desk: Workspace, move: Move) -> MoveReport:
    report = MoveReport(name=move.name, key=intent_of(move, OCCASION).key, outcome=Outcome.NOT_SENT)
    try:
        seen = await preview(desk.api, move.request.body())
    except ApiError as error:
        return report.model_copy(update={"outcome": Outcome.REFUSED, "reason": str(error)})
    inexact = f" (not applied: {', '.join(seen.inexact)})" if seen.inexact else ""
    return report.model_copy(update={"total_leads": seen.leads, "reason": f"preview: would move {seen}{inexact}"})
