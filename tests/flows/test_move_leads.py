"""The flow `move_leads`: every way in which a move can end, told truthfully, over a real socket."""

from typing import TYPE_CHECKING, Any

import pytest


from flows.move_leads import move_leads

if TYPE_CHECKING:
    from conftest import Scene


pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")

async def test_success_is_counted_read_back_and_its_accounts_warmed_up(scene, run) -> None:
    for address, status in (("ana@example.com", 0), ("cleo@example.com", -1)):
        scene.workspace.add_account(address, status)
    emails = ["ana@example.com", "cleo@example.com", "nobody@example.com"]
    ran = await run(move_leads, move=scene.move(on_success={"enable_warmup": {"emails": emails}}), occasion="today")
    print(ran)
    assert ran.move.outcome == "succeeded"
