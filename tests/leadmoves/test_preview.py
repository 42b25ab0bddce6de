from typing import Any

import pytest

from leadmoves.preview import held_back, preview
from tests.leadmoves.scene import Saying, Scene, client, virtually

LIST = "POST /api/v2/leads/list"


@pytest.mark.parametrize(
    ("more", "cap", "said", "requests"),
    [
        ({}, 10_000, "250 leads", 3),
        ({"limit": 120}, 10_000, "120 leads", 2),
        ({"limit": 1_000}, 10_000, "250 leads", 3),
        ({}, 100, "at least 100 leads", 2),
        ({"limit": 150}, 100, "at least 100 leads", 2),
        ({"check_duplicates": True}, 10_000, "at most 250 leads", 3),
        ({"ignore_resource_filter_clauses": True}, 10_000, "at least 250 leads", 3),
        ({"search": "lead7@"}, 10_000, "1 leads", 1),
        ({"esp_code": 2}, 10_000, "0 leads", 3),
    ],
)
@virtually
async def test_leads_are_counted_without_moving_any(
    more: dict[str, Any], cap: int, said: str, requests: int
) -> None:
    scene = Scene()
    body = scene.body(leads=250, **more)

    assert str(await preview(scene.api, body, cap)) == said
    assert scene.requests[LIST] <= requests + 1
    assert scene.requests.keys() == {LIST}
    assert not scene.sandbox.jobs.by_id


@virtually
async def test_the_preview_agrees_with_the_move() -> None:
    scene = Scene(leads=600)
    source = scene.sandbox.workspace.named("Q4 outreach")
    goal = scene.sandbox.workspace.named("New year launch")
    for selected in ({"filter": "FILTER_VAL_REPLIED"}, {"esp_code": 2}, {"esg_code": "none", "limit": 9}):
        body = {"campaign": source.id, "to_campaign_id": goal.id, **selected}
        seen = await preview(scene.api, body)
        job = await scene.api.move_leads(body)
        await scene.clock.sleep(100)
        assert (await scene.api.get_job(job.id)).count("total_leads") == seen.leads > 0


@pytest.mark.parametrize("cursor", ["same", None])
@virtually
async def test_a_cursor_that_does_not_advance_ends_the_count(cursor: str | None) -> None:
    server = Saying(lambda _: {"items": [{"id": "x"}], "next_starting_after": cursor})

    await preview(client(server), {"list_id": "x"})

    assert len(server.asked) <= 2


@pytest.mark.parametrize(
    ("more", "at_most", "why"),
    [
        ({}, None, None),
        ({}, 250, None),
        ({}, 249, "would move"),
        ({"limit": 10}, 10, None),
        ({"limit": 11}, 10, "would move"),
        ({"search": "lead7@"}, 1, None),
        ({"ignore_resource_filter_clauses": True}, 1_000, "cannot be counted"),
        ({"ignore_resource_filter_clauses": True, "limit": 9}, 1_000, None),
    ],
)
@virtually
async def test_a_move_that_would_take_more_than_expected_is_held_back(
    more: dict[str, Any], at_most: int | None, why: str | None
) -> None:
    scene = Scene()

    held = await held_back(scene.api, scene.body(leads=250, **more), at_most)

    assert (held is None) if why is None else (why in str(held) and "nothing was sent" in str(held))


@virtually
async def test_what_is_bounded_by_itself_is_not_counted() -> None:
    scene = Scene()

    assert await held_back(scene.api, scene.body(leads=5, limit=10), 10) is None
    assert await held_back(scene.api, scene.body(leads=5, ids=["a", "b"]), 2) is None
    assert not scene.requests
