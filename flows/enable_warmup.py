"""Enable warmup on its own: one request for many accounts, waited for, every account looked at."""

from typing import Any

from prefect import flow
from prefect.artifacts import acreate_table_artifact
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from flows.desk import open_desk
from flows.move_leads import as_given
from flows.occasion import Text, occasion_of_run
from flows.refused import refusing, say_what_was_wrong
from leadmoves.jobs import Outcome
from leadmoves.outcome.report import WarmupReport
from leadmoves.plan import WarmupRequest
from leadmoves.plan.refusal import checked
from tasks.warmup import warm_up_now

PATIENCE = 30 * 60.0  # seconds; as long as a move is waited for


@flow(name="enable-warmup", validate_parameters=False, persist_result=True, on_crashed=[say_what_was_wrong])
@refusing
async def enable_warmup(request: WarmupRequest, occasion: Text = None, credentials: Text = None) -> State[Any]:
    """Enable warmup for accounts, and tell which of them do not warm up.

    Args:
        request: Which accounts: their addresses, or all of them.
        occasion: A word or the time of a scheduled run: the same move on the same occasion is never sent twice.
            By default each run is an occasion of its own, and a scheduled run's is its scheduled time.
        credentials: Name of an Instantly Credentials block; by default the worker's INSTANTLY_API_KEY.

    """
    wanted = checked(WarmupRequest, as_given(request))
    async with open_desk(credentials, moves=0) as desk:
        report = await warm_up_now(desk.workspace, wanted, occasion_of_run(occasion), PATIENCE)
    await acreate_table_artifact(_lines(report), key="warmup", description=_summary(report))
    data = report.model_dump(mode="json")
    if report.outcome is Outcome.SUCCEEDED:
        return Completed(message=_summary(report), data=data)
    return Failed(name=report.outcome.state_name, message=_summary(report), data=data)


def _lines(report: WarmupReport) -> list[dict[str, object]]:
    return [{"account or job": who, "why not": why} for who, why in report.why.items()]


def _summary(report: WarmupReport) -> str:
    return f"{report.warmed} accounts warm up, {len(report.not_warmed)} do not"
