"""The end of a flow run: a table for people, a state named after the outcome, and «told» in the ledger."""

from collections import Counter

from prefect.artifacts import acreate_table_artifact
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from flows.desk import Desk
from flows.shown import links, name_run
from leadmoves.jobs import Outcome
from leadmoves.report import MoveReport, Report
from leadmoves.telling import counted
from tasks.audience import audience

# Where the moves of a plan ended differently, the state is named after the first of these.
WORST_FIRST = (
    Outcome.IN_DOUBT,
    Outcome.STILL_RUNNING,
    Outcome.STALLED,
    Outcome.FAILED,
    Outcome.CANCELLED,
    Outcome.REFUSED,
    Outcome.NOT_SENT,
    Outcome.SHORT,
    Outcome.NOTHING_MOVED,
)


async def finish(desk: Desk, report: Report) -> State[dict[str, object]]:
    """Show what happened, and say in the ledger that it was told."""
    described = f"{_summary(report)}\n\n{links(desk.rows)}"
    await acreate_table_artifact(list(map(_line, report.moves)), key="lead-moves", description=described)
    await name_run(report)
    if not audience.get().tells:
        await desk.workspace.ledger.told([move.key for move in report.moves])
    return state_of(report)


def state_of(report: Report) -> State[dict[str, object]]:
    """Completed, or Failed under the name of the worst outcome, e.g. `InDoubt`."""
    data: dict[str, object] = report.model_dump(mode="json")
    outcomes = {move.outcome for move in report.moves}
    worst = next((outcome for outcome in WORST_FIRST if outcome in outcomes), None)
    if worst is None:
        return Completed(message=_summary(report), data=data)
    return Failed(name=worst.state_name, message=_summary(report), data=data)


def _summary(report: Report) -> str:
    if len(report.moves) == 1:
        [move] = report.moves
        return f"{move.name}: {counted(move)}" + (f" ({move.reason})" if move.reason else "")
    counts = Counter(move.outcome for move in report.moves)
    return ", ".join(f"{count} {outcome}" for outcome, count in counts.most_common())


def _line(move: MoveReport) -> dict[str, object]:
    left_out = sum(count or 0 for count in move.left_out.values())
    return {
        "name": move.name,
        "outcome": move.outcome,
        "moved": move.moved_leads,
        "of": move.total_leads,
        "left out": left_out,
        "warmup": f"{move.warmup.outcome} ({move.warmup.warmed} warm)" if move.warmup else "",
        "job": ", ".join(move.job_ids or move.candidates),
        "why": move.reason or "",
        "key": move.key,
    }
