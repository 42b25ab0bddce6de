"""From a plan to rows of the ledger: what we mean to do, written down whole before the first request."""

from collections.abc import Sequence
from uuid import uuid4

from leadmoves.ledger import Intent, Kind, Ledger, Row
from leadmoves.plan import Move, Plan
from leadmoves.plan.refusal import checked

# What a later process needs of a move besides its body, to finish it as this one would.
KEPT = {"whole_source", "expect", "deadline", "on_success", "notify"}


def intent_of(move: Move, occasion: str, flow_run: str | None = None) -> Intent:
    """What a move of a plan means to send."""
    request = move.request
    return Intent(
        kind=Kind.MOVE,
        name=move.name,
        occasion=occasion,
        fingerprint=request.fingerprint(),
        body=request.body(),
        source=request.source,
        resources=(request.source, request.destination),
        options=move.model_dump(mode="json", by_alias=True, exclude_none=True, include=KEPT),
        flow_run=flow_run,
    )


def move_of(row: Row) -> Move:
    """The move of a plan that a row was made from, its contacts already in the request."""
    return checked(Move, {"name": row.name, "request": dict(row.body), **row.options})


async def begin(ledger: Ledger, plan: Plan, occasion: str, flow_run: str | None = None) -> list[Row]:
    """Write all moves of a plan in one transaction, in the plan's order; earlier rows of the occasion stay.

    What ended without anything accepted (refused, not sent) is opened again: somebody asked for it again.
    """
    intents = [intent_of(move, occasion, flow_run) for move in plan.moves]
    rows = await ledger.intend(intents)
    for key, row in rows.items():
        if row.repeatable and row.told_at is not None:
            rows[key] = await ledger.reopen(key) or await ledger.row(key) or row
    if flow_run and (others := [key for key, row in rows.items() if row.flow_run != flow_run]):
        await ledger.carried_by(others, flow_run)
    return [rows[intent.key] for intent in intents]


async def unfinished_occasions(ledger: Ledger, moves: Sequence[Move]) -> list[str]:
    """Occasions, oldest first, on which a run of these moves began and was not told to its end."""
    wanted = {(move.name, move.request.fingerprint()) for move in moves}
    found: dict[str, float] = {}
    for row in await ledger.unfinished():
        if (row.name, row.fingerprint) in wanted:
            found.setdefault(row.occasion, row.created_at)
    return list(found)


def new_occasion() -> str:
    """An occasion for a run that has none: nothing else has ever had it."""
    return uuid4().hex[:12]
