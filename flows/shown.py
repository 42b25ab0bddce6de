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
from leadmoves.report import MoveReport, Report
from leadmoves.telling import places
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


async def name_run(report: Report) -> None:
    """Name the run after what came of it, e.g. «eu-google: 488 of 500»."""
    if len(report.moves) == 1:
        await _update(name=name_of(report.moves[0]))


def name_of(move: MoveReport) -> str:
    if move.outcome is not Outcome.SUCCEEDED or move.moved_leads is None:
        return f"{move.name}: {move.outcome}"
    total = f" of {move.total_leads:,}" if move.total_leads is not None else ""
    return f"{move.name}: {move.moved_leads:,}{total}"


def links(rows: Sequence[Row]) -> str:
    """Markdown: where each of a few moves went."""
    lines = [
        f"- {row.name}: " + " → ".join(_link(kind, place) for kind, place in places(row.body))
        for row in rows[:MOST_TAGS]
    ]
    return "\n".join(lines)


def _link(kind: str, place: str) -> str:
    return f"[{kind} {place}]({CAMPAIGN}{place})" if kind == "campaign" else f"{kind} {place}"


async def _update(**values: Any) -> None:
    context = FlowRunContext.get()
    if context is None or context.flow_run is None or not audience.get().links:
        return
    try:
        async with get_client() as client:
            await client.update_flow_run(context.flow_run.id, **values)
    except Exception as error:  # noqa: BLE001 - see the module's docstring
        get_run_logger().warning("the run could not be labelled: %s", error)
