"""Lists, campaigns and accounts."""

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .conftest import Scene

ANA = "/api/v2/accounts/ana%40example.com"


@pytest.mark.parametrize(
    ("path", "key", "rows"), [("lead-lists", "id", 3), ("campaigns", "id", 3), ("accounts", "email", 4)]
)
async def test_every_list_pages_to_an_empty_page(full: "Scene", path: str, key: str, rows: int) -> None:
    seen: list[str] = []
    query: dict[str, Any] = {"limit": 2}
    while (page := (await full.client.get(f"/api/v2/{path}", params=query)).json())["items"]:
        seen += [row[key] for row in page["items"]]
        query["starting_after"] = page["next_starting_after"]

    assert len(seen) == len(set(seen)) == rows
    assert page == {"items": []}


async def test_names_find_lists_and_campaigns(full: "Scene") -> None:
    lists = (await full.client.get("/api/v2/lead-lists", params={"search": "eu pro"})).json()["items"]
    campaigns = (await full.client.get("/api/v2/campaigns", params={"search": "q4", "status": "1"})).json()["items"]

    assert [row["name"] for row in lists] == ["EU prospects"]
    assert [row["name"] for row in campaigns] == ["Q4 outreach"]


async def test_totals_of_lists_and_campaigns_follow_a_move(full: "Scene") -> None:
    eu, q4 = full.sandbox.workspace.named("EU prospects"), full.sandbox.workspace.named("Q4 outreach")

    async def totals() -> tuple[int, int]:
        stats = (await full.client.get(f"/api/v2/lead-lists/{eu.id}/verification-stats")).json()
        assert sum(stats["stats"].values()) == stats["total_leads"]
        (row,) = (await full.client.get("/api/v2/campaigns/analytics", params={"id": q4.id})).json()
        return stats["total_leads"], row["leads_count"]

    before = await totals()
    moved = (await full.moved(eu, q4, limit=100))["moved_leads"]

    assert before == (700, 400)
    assert await totals() == (700 - moved, 400 + moved)


async def test_analytics_can_leave_the_total_out(full: "Scene") -> None:
    rows = (
        await full.client.get("/api/v2/campaigns/analytics", params={"exclude_total_leads_count": "true"})
    ).json()

    assert len(rows) == 3
    assert all("leads_count" not in row for row in rows)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"search": "ana"}, ["ana"]),
        ({"status": "1"}, ["ana", "ben", "cleo", "dan"]),
        ({"status": "2"}, []),
        ({"provider_code": "2", "skip": "3"}, ["dan"]),
        ({"filter": "ACC_FILTER_W_ACTIVE"}, ["ben"]),
        ({"filter": "ACC_FILTER_W_ERROR"}, ["cleo"]),
        ({"tag_ids": "x"}, []),
    ],
)
async def test_accounts_are_filtered(full: "Scene", query: dict[str, str], names: list[str]) -> None:
    rows = (await full.client.get("/api/v2/accounts", params=query)).json()["items"]

    assert [row["email"].partition("@")[0] for row in rows] == names


async def test_an_account_takes_documented_changes_only(full: "Scene") -> None:
    changed = await full.client.patch(ANA, json={"daily_limit": 5, "warmup": {"limit": 7}})
    unknown = await full.client.patch(ANA, json={"warmup_status": 1})
    empty = await full.client.patch(ANA, json={})
    wide = await full.client.patch(ANA, json={"sending_gap": 1441})

    assert (changed.json()["daily_limit"], changed.json()["warmup"]["limit"]) == (5, 7)
    assert [answer.status_code for answer in (unknown, empty, wide)] == [400, 400, 400]
    assert unknown.json()["message"] == "body must NOT have additional properties"


async def test_unknown_things_are_a_404(full: "Scene") -> None:
    a_list = full.sandbox.workspace.named("EU prospects").id
    for path in ("accounts/who%40example.com", "lead-lists/x", "campaigns/x", f"campaigns/{a_list}"):
        assert (await full.client.get(f"/api/v2/{path}")).status_code == 404
