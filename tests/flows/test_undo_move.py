"""The flow `undo_move`: what a move took goes back, once."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import pytest

from flows.move_leads import move_leads
from flows.undo_move import undo_move

if TYPE_CHECKING:
    from .conftest import Ran, Scene

Run = Callable[..., Awaitable["Ran"]]
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # see test_move_leads


async def test_leads_go_back_once_however_often_it_is_asked_for(scene: "Scene", run: Run) -> None:
    made = await run(move_leads, move=scene.move(), occasion="today")

    undone = await run(undo_move, key=made.move.key)
    again = await run(undo_move, key=made.move.key)

    assert (undone.state.is_completed(), undone.move.outcome, undone.move.moved_leads) == (True, "succeeded", 10)
    assert scene.workspace.size(scene.source.id) == 30
    assert again.move == undone.move
    assert scene.posts == 2


async def test_what_cannot_be_undone_fails_with_its_reason(scene: "Scene") -> None:
    state: Any = await undo_move("no-such-key", return_state=True)

    assert state.is_failed()
    assert "the ledger has no move no-such-key" in state.message
    assert scene.requests == 0
