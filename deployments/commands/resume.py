"""`lead-moves resume`: finish what a dead run left; for a move in doubt, do what a person decided."""

from typing import Any

from deployments.commands.embedded import quiet
from deployments.commands.run import run_flow, show
from deployments.commands.screen import Screen
from deployments.commands.status import known_row, with_ledger
from leadmoves.errors import InvalidInput, Problem
from leadmoves.ledger.doubt import adopt as adopt_job
from leadmoves.ledger.doubt import send_again as send_move_again
from leadmoves.settings import read_settings


def resume(key: str | None, adopt: str | None, *, send_again: bool, as_json: bool, verbose: bool) -> int:
    """Finish all unfinished moves, or one; returns the exit code.

    Raises:
        LeadMoveError: refused, nothing was sent.

    """
    read_settings().required_key()
    if adopt or send_again:
        _decide(key, adopt, send_again=send_again)
    elif key:
        known_row(key)
    quiet(verbose=verbose)
    return show(run_flow(Screen(), lambda: _resume_moves(key), "resume"), as_json=as_json)


def _decide(key: str | None, adopt: str | None, *, send_again: bool) -> None:
    if key is None:
        raise InvalidInput(Problem("key", "name the move that is in doubt; lead-moves status lists them"))
    if adopt and send_again:
        raise InvalidInput(Problem("--adopt", "--send-again is given as well; decide for one"))
    if adopt:
        with_ledger(lambda ledger: adopt_job(ledger, key, adopt))
    else:
        with_ledger(lambda ledger: send_move_again(ledger, key))


async def _resume_moves(key: str | None) -> Any:
    from flows.resume_moves import resume_moves  # noqa: PLC0415 - Prefect, 0.8 s

    return await resume_moves(key=key, return_state=True)
