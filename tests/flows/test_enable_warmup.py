"""The flow `enable_warmup`, on its own."""

from typing import TYPE_CHECKING

import pytest

from flows.enable_warmup import enable_warmup

if TYPE_CHECKING:
    from .conftest import Scene

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # see test_move_leads


async def test_accounts_warm_up_once_an_occasion(scene: "Scene") -> None:
    scene.workspace.add_account("ana@example.com", 0)
    wanted = {"request": {"emails": ["ana@example.com"]}, "occasion": "today"}

    first = await enable_warmup(**wanted, return_state=True)
    requests = scene.requests
    again = await enable_warmup(**wanted, return_state=True)

    told = await first.aresult()
    assert (told["outcome"], told["warmed"], told["not_warmed"]) == ("succeeded", 1, [])
    assert scene.workspace.accounts["ana@example.com"].warmup_status == 1
    assert await again.aresult() == told
    assert scene.requests == requests


async def test_accounts_that_stay_cold_fail_the_run_under_their_outcome(scene: "Scene") -> None:
    scene.workspace.add_account("ana@example.com", 0)

    state = await enable_warmup({"emails": ["ana@example.com", "nobody@example.com"]}, return_state=True)

    assert (state.is_failed(), state.name) == (True, "Short")
    assert state.message == "1 accounts warm up, 1 do not"
