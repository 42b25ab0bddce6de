"""The list of leads: pages, cursors, what is ignored."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .conftest import Scene

LIST = "/api/v2/leads/list"


async def test_pages_go_by_id_to_an_empty_page_without_cursor(full: "Scene") -> None:
    seen: list[str] = []
    body: dict[str, Any] = {"list_id": full.sandbox.workspace.named("Trade fair").id, "limit": 64}
    while (page := (await full.client.post(LIST, json=body)).json())["items"]:
        seen += [lead["id"] for lead in page["items"]]
        body["starting_after"] = page["next_starting_after"]

    assert page == {"items": []}
    assert len(seen) == 200
    assert seen == sorted(set(seen))


async def test_distinct_contacts_page_by_address(full: "Scene") -> None:
    everybody = {lead.email for lead in full.sandbox.workspace.leads.values() if lead.email}
    seen: list[str] = []
    body: dict[str, Any] = {"distinct_contacts": True, "limit": 100}
    while (page := (await full.client.post(LIST, json=body)).json())["items"]:
        seen += [lead["email"] for lead in page["items"]]
        body["starting_after"] = page["next_starting_after"]

    assert seen == sorted(everybody)


async def test_more_than_100_is_a_400_and_not_clamped(full: "Scene") -> None:
    assert (await full.client.post(LIST, json={"limit": 101})).status_code == 400


async def test_an_unknown_key_returns_arbitrary_leads(full: "Scene") -> None:
    answer = (await full.client.post(LIST, json={"email": "nobody@example.com", "limit": 5})).json()

    assert len(answer["items"]) == 5


async def test_ids_need_no_source_here_and_filters_are_those_of_a_move(full: "Scene") -> None:
    ids = list(full.sandbox.workspace.leads)[:3]

    assert len((await full.client.post(LIST, json={"ids": ids})).json()["items"]) == 3
    lost = (await full.client.post(LIST, json={"filter": "FILTER_LEAD_LOST", "limit": 100})).json()["items"]
    assert {lead["lt_interest_status"] for lead in lost} == {-3}


async def test_an_unknown_lead_is_a_404(full: "Scene") -> None:
    assert (await full.client.get("/api/v2/leads/019f0000-ffff-7000-8000-000000000000")).status_code == 404
