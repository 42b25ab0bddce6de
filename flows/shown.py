"""How a flow run looks in Prefect's UI: its name once it is over, its tags, links into Instantly.

None of it may fail a move: what the server refuses here is a line in the log.
"""

from collections.abc import Sequence
from typing import Any

from prefect import get_run_logger
from prefect.client.orchestration import get_client
from prefect.context import FlowRunContext

from leadmoves.jobs import Outcome
from leadmoves.ledger import Row
from leadmoves.outcome.report import MoveReport, Report
from leadmoves.outcome.telling import places
from tasks.audience import audience

CAMPAIGN = "https://app.instantly.ai/app/campaign/"
MOST_TAGS = 20  # a plan of a thousand moves is found by its own name


async def tag_run(rows: Sequence[Row]) -> None:
    """Tag the run with the lists and campaigns that it touches, to be found by them."""
    tags = {f"{kind}:{place}" for row in rows for kind, place in places(row.body)}
    context = FlowRunContext.get()
    known = set(context.flow_run.tags) if context and context.flow_run else set()
    if tags and len(tags) <= MOST_TAGS:
        await _update(tags=sorted(known | tags))


async def name_run(report: Report, rows: Sequence[Row]) -> None:
    """Name the run after what moved where, e.g. «eu-google → campaign 77b0a1de, 488 of 500»."""
    if len(report.moves) == 1:
        await _update(name=name_of(report.moves[0], next(iter(rows), None)))


def name_of(move: MoveReport, row: Row | None) -> str:
    to = f" → {_short(*places(row.body)[1])}" if row else ""
    if move.outcome is not Outcome.SUCCEEDED or move.moved_leads is None:
        return f"{move.name}{to}: {move.outcome}"
    total = f" of {move.total_leads:,}" if move.total_leads is not None else ""
    return f"{move.name}{to}, {move.moved_leads:,}{total}"


def ways(rows: Sequence[Row]) -> dict[str, tuple[str, str]]:
    """Where each move took leads from and to, by its key: a campaign as a link into Instantly."""
    return {row.key: (_link(*source), _link(*to)) for row in rows for source, to in [places(row.body)]}


def _link(kind: str, place: str) -> str:
    return f"[{_short(kind, place)}]({CAMPAIGN}{place})" if kind == "campaign" else _short(kind, place)


def _short(kind: str, place: str) -> str:
    """As much of an id as tells two places apart in a table."""
    return f"{kind} {place[:8]}"


async def _update(**values: Any) -> None:
    context = FlowRunContext.get()
    if context is None or context.flow_run is None or not audience.get().links:
        return
    try:
        async with get_client() as client:
            await client.update_flow_run(context.flow_run.id, **values)
    except Exception as error:  # noqa: BLE001 - see the module's docstring
        get_run_logger().warning("the run could not be labelled: %s", error)
