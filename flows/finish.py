"""The end of a flow run: a table for people, a state named after the outcome, and «told» in the ledger."""

from collections import Counter
from collections.abc import Mapping

from prefect.artifacts import acreate_table_artifact
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from flows.desk import Desk
from flows.shown import name_run, ways
from leadmoves.jobs import Outcome
from leadmoves.outcome.report import MoveReport, Report
from leadmoves.outcome.telling import counted
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

OFTEN_EMPTY = ("from", "to", "warm", "why")


async def finish(desk: Desk, report: Report) -> State[dict[str, object]]:
    """Show what happened, and say in the ledger that it was told."""
    lines = table_of(report, ways(desk.rows))
    await acreate_table_artifact(lines, key="lead-moves", description=_summary(report))
    await name_run(report, desk.rows)
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


def table_of(report: Report, ways: Mapping[str, tuple[str, str]]) -> list[dict[str, object]]:
    """A line a move; a column that no move has anything to say in is left out."""
    lines = [_line(move, *ways.get(move.key, ("", ""))) for move in report.moves]
    empty = [name for name in OFTEN_EMPTY if not any(line[name] for line in lines)]
    return [{name: value for name, value in line.items() if name not in empty} for line in lines]


def _line(move: MoveReport, source: str, to: str) -> dict[str, object]:
    left_out = sum(count or 0 for count in move.left_out.values())
    return {
        "name": move.name,
        "outcome": move.outcome,
        "moved": move.moved_leads,
        "of": move.total_leads,
        "left out": left_out,
        "from": source,
        "to": to,
        "warm": f"{move.warmup.warmed} ({move.warmup.outcome})" if move.warmup else "",
        "why": move.reason or "",
        "job": ", ".join(move.job_ids or move.candidates),
        "key": move.key,
    }
