"""What a person decides about a move in doubt: this job is it, or none is and it shall be sent again."""

from leadmoves.errors import InvalidInput, LeaseLost, Problem
from leadmoves.ledger.baseline import Baseline
from leadmoves.ledger.rows import SETTLED, Row, State
from leadmoves.ledger.store import Ledger


async def adopt(ledger: Ledger, key: str, job_id: str) -> Row:
    """This job is the move's: the next resume waits for it and reports it.

    Raises:
        InvalidInput: the move is not in doubt, or the job belongs to another move.
        LeaseLost: a live process is still looking for its job.

    """
    row = await _in_doubt(ledger, key, State.IN_DOUBT, State.SENDING)
    if await ledger.claim(key, job_id, was=(row.state,), adopted=True) is None:
        await _give_back(ledger, key)
        raise InvalidInput(Problem("job", f"{job_id} belongs to another move of this ledger"))
    return await _give_back(ledger, key)


async def send_again(ledger: Ledger, key: str) -> Row:
    """None of the candidates is the move's: the next resume sends it, and never takes one of them for its job.

    Raises:
        InvalidInput: the move is not in doubt between candidates.
        LeaseLost: a live process is still looking for its job.

    """
    row = await _in_doubt(ledger, key, State.IN_DOUBT)
    baseline = (row.baseline or Baseline()).with_ids(row.candidates).model_dump(mode="json")
    # Its lost POST counts, so this baseline is kept: should its job turn up after all, it is adopted, not repeated.
    values = SETTLED | {"state": State.INTENDED, "baseline": baseline, "unsettled": max(row.unsettled, 1)}
    await ledger.write(key, State.IN_DOUBT, **values)
    return await _give_back(ledger, key)


async def _in_doubt(ledger: Ledger, key: str, *states: State) -> Row:
    """The row, ours for a moment."""
    row = await ledger.row(key)
    if row is None:
        raise InvalidInput(Problem("key", f"the ledger knows no move {key}"))
    if row.state in states and (row := await ledger.take(key)) is None:
        raise LeaseLost(f"another process still works on move {key}: wait for it, or end it")
    if row.state not in states:
        raise InvalidInput(Problem("key", f"move {key} is not in doubt but {row.state}"))
    return row


async def _give_back(ledger: Ledger, key: str) -> Row:
    """Whoever resumes it may take it at once."""
    return await ledger.write(key, lease_until=0.0)
