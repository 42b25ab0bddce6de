"""`lead-moves undo`: the leads of a finished move go back to where they came from."""

from typing import Any

from deployments.commands.embedded import quiet
from deployments.commands.run import run_flow, show
from deployments.commands.screen import Screen
from deployments.commands.status import known_row
from leadmoves.settings import read_settings


def undo(key: str, *, as_json: bool, verbose: bool) -> int:
    """Undo one move; returns the exit code.

    Raises:
        LeadMoveError: refused, nothing was sent.

    """
    read_settings().required_key()
    known_row(key)
    quiet(verbose=verbose)
    return show(run_flow(Screen(), lambda: _undo_move(key), f"undo {key}"), as_json=as_json)


async def _undo_move(key: str) -> Any:
    from flows.undo_move import undo_move  # noqa: PLC0415 - Prefect, 0.8 s

    return await undo_move(key=key, return_state=True)
