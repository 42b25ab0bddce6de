"""The flow `preview_plan`: counted, told as a table, nothing moved."""

from typing import TYPE_CHECKING

import pytest

from flows.preview_plan import preview_plan

if TYPE_CHECKING:
    from .conftest import Scene

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # see test_move_leads


async def test_a_plan_is_counted_and_nothing_moves(scene: "Scene") -> None:
    everything = scene.move("all", limit=0, whole_source=True)
    del everything["request"]["limit"]

    state = await preview_plan({"moves": [scene.move(), everything]}, return_state=True)

    told = await state.aresult()
    assert [(line["name"], line["would move"]) for line in told["moves"]] == [
        ("top-up", "10 leads"),
        ("all", "30 leads"),
    ]
    assert (scene.posts, scene.workspace.size(scene.source.id)) == (0, 30)


async def test_a_bad_plan_is_refused_before_anything_is_asked(scene: "Scene") -> None:
    state = await preview_plan({"moves": [scene.move(limit=0)]}, return_state=True)

    assert state.is_failed()
    assert "limit" in (state.message or "")
    assert scene.requests == 0
