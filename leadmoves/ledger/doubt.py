"""What a person decides who has looked into a move in doubt: this job is it, or none is and it shall be sent again."""

from sqlalchemy import case, select, update

from leadmoves.errors import InvalidInput, LeaseLost, Problem
from leadmoves.ledger.rows import SETTLED, Row, State
from leadmoves.ledger.store import Ledger
from leadmoves.ledger.tables import moves


async def adopt(ledger: Ledger, key: str, job_id: str) -> Row:
    """This job is the move's: it is waited for and reported by the next resume.

    Raises:
        InvalidInput: the move is not in doubt, or the job belongs to another move.
        LeaseLost: a live process is still looking for its job.

    """
    row = await _in_doubt(ledger, key, (State.IN_DOUBT, State.SENDING))
    if await ledger.claim(row.key, job_id, adopted=True, was=row.state) is None:
        raise InvalidInput(Problem("job", f"{job_id} belongs to another move of this ledger"))
    return await _given_back(ledger, key)


async def send_again(ledger: Ledger, key: str) -> Row:
    """None of the candidates is the move's: it is sent by the next resume, and they are never taken for its job.

    Raises:
        InvalidInput: the move is not in doubt between candidates.
        LeaseLost: a live process is still looking for its job.

    """
    row = await _in_doubt(ledger, key, (State.IN_DOUBT,))
    baseline = row.known_before(row.candidates)
    # Its lost POST counts, so the baseline is kept: should its job turn up after all, it is adopted, not repeated.
    unsettled = case((moves.c.unsettled > 0, moves.c.unsettled), else_=1)
    await ledger.write(
        key,
        row.state,
        **SETTLED | {"state": State.INTENDED, "baseline": baseline.model_dump(mode="json"), "unsettled": unsettled},
    )
    return await _given_back(ledger, key)


async def _in_doubt(ledger: Ledger, key: str, states: tuple[State, ...]) -> Row:
    """The row, ours for a moment, where it is in one of these states."""
