"""The list of jobs and the single job, as recorded."""

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .conftest import Scene

JOBS = "/api/v2/background-jobs"


@pytest.fixture
async def five(scene: "Scene") -> list[str]:
    """Five ended moves from five lists, a second apart, oldest first."""
    made = []
    for _ in range(5):
        source, destination = scene.small(1)
        made.append((await scene.move(source, destination)).json()["id"])
        scene.clock.time += 1
    return made


async def test_the_newest_comes_first(scene: "Scene", five: list[str]) -> None:
    assert [row["id"] for row in await scene.rows()] == five[::-1]


async def test_the_cursor_is_the_last_id_also_on_the_last_page_then_nothing(
    scene: "Scene", five: list[str]
) -> None:
    cursor: dict[str, Any] = {}
    pages = []
    for _ in range(4):
        answer = (await scene.client.get(JOBS, params={"limit": 2, **cursor})).json()
        pages.append(answer)
        cursor = {"starting_after": answer.get("next_starting_after", "")}

    assert [[row["id"] for row in page["items"]] for page in pages] == [five[:2:-1], five[2:0:-1], five[:1], []]
    assert [page.get("next_starting_after") for page in pages] == [five[3], five[1], five[0], None]
    assert pages[-1] == {"items": []}


@pytest.mark.parametrize("column", ["created_at", "updated_at"])
@pytest.mark.parametrize("order", ["asc", "desc"])
async def test_both_columns_sort_both_ways_and_page(
    scene: "Scene", five: list[str], column: str, order: str
) -> None:
    wanted = five if order == "asc" else five[::-1]
    how = {"sort_column": column, "sort_order": order}

    assert [row["id"] for row in await scene.rows(**how)] == wanted
    assert [row["id"] for row in await scene.rows(**how, starting_after=wanted[2])] == wanted[3:]


async def test_every_filter_narrows_the_list(scene: "Scene", five: list[str]) -> None:
    await scene.client.post("/api/v2/accounts/warmup/enable", json={"emails": ["a@example.com"]})
    entity = (await scene.job(five[0]))["entity_id"]
    second = (await scene.job(five[1]))["entity_id"]

    async def count(**query: str) -> int:
        return len(await scene.rows(**query))

    assert await count() == 6
    assert await count(type="move-leads") == 5
    assert await count(entity_type="workspace") == 1
    assert await count(entity_id=f"{entity},{second}") == 2
    assert await count(status="pending") == 1
    assert await count(status="pending,in-progress,success") == 6
    assert await count(ids=",".join([*five[:3], "0" * 24])) == 3
    assert await count(included_ids=five[0]) == 1
    assert await count(excluded_ids=",".join(five[:3])) == 3
    assert await count(ids=",".join(five), status="failed") == 0


@pytest.mark.parametrize("query", [{"type": "x"}, {"sort_column": "x"}, {"sort_order": "x"}, {"entity_type": "x"}])
async def test_unknown_values_of_an_enum_are_a_400(scene: "Scene", query: dict[str, str]) -> None:
    assert (await scene.client.get(JOBS, params=query)).status_code == 400


async def test_data_fields_picks_the_keys_of_data(scene: "Scene", five: list[str]) -> None:
    job = await scene.job(five[0], data_fields="moved_leads,total_leads,unheard_of")

    assert job["data"] == {"moved_leads": 1, "total_leads": 1}


async def test_get_and_list_do_not_tell_the_user(scene: "Scene", five: list[str]) -> None:
    assert "user_id" not in await scene.job(five[0])
    assert "user_id" not in (await scene.rows())[0]


async def test_an_unknown_job_is_a_404(scene: "Scene") -> None:
    assert (await scene.client.get(f"{JOBS}/{'0' * 24}")).status_code == 404


async def test_an_unknown_cursor_ends_the_list(scene: "Scene", five: list[str]) -> None:
    assert await scene.rows(starting_after="0" * 24) == []


async def test_a_cursor_holds_even_when_its_job_no_longer_matches(scene: "Scene", five: list[str]) -> None:
    assert [row["id"] for row in await scene.rows(starting_after=five[3], excluded_ids=five[3])] == five[2::-1]
