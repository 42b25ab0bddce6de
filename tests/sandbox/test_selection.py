"""What a body selects, for the list of leads and for moves alike."""

from typing import TYPE_CHECKING, Any

import pytest

from sandbox.selection import FILTERS, select

if TYPE_CHECKING:
    from .conftest import Scene


def chosen(scene: "Scene", **body: Any) -> list[Any]:
    return list(select(scene.sandbox.workspace, body, scene.clock.time))


def test_the_vendor_names_27_filters() -> None:
    assert len(FILTERS) == 27


@pytest.mark.parametrize("name", FILTERS)
def test_every_filter_selects_some_and_not_all(full: "Scene", name: str) -> None:
    assert 0 < len(chosen(full, filter=name)) < 2_000


def test_contacted_and_not_contacted_share_out_everybody(full: "Scene") -> None:
    both = [len(chosen(full, filter=f"FILTER_VAL_{name}")) for name in ("CONTACTED", "NOT_CONTACTED")]

    assert sum(both) == 2_000


def test_an_unknown_filter_is_ignored_and_takes_everything(full: "Scene") -> None:
    assert len(chosen(full, filter="FILTER_VAL_NO_SUCH")) == 2_000


@pytest.mark.parametrize("code", [0, 1, 2, 3, 8, 9, 10, 12, 13, 999, 1000])
def test_every_mailbox_provider_occurs(full: "Scene", code: int) -> None:
    assert {lead.esp_code for lead in chosen(full, esp_code=code)} == {code}


@pytest.mark.parametrize("code", ["0", "1", "2", "3", "4"])
def test_every_gateway_occurs_and_is_sought_as_text(full: "Scene", code: str) -> None:
    assert {lead.esg_code for lead in chosen(full, esg_code=code)} == {int(code)}


def test_all_gateways_and_none_exclude_each_other(full: "Scene") -> None:
    assert {lead.esg_code for lead in chosen(full, esg_code="all")} == {1, 2, 3, 4}
    assert {lead.esg_code for lead in chosen(full, esg_code="none")} == {None}


def test_selectors_narrow_each_other(full: "Scene") -> None:
    eu = full.sandbox.workspace.named("EU prospects").id
    google = chosen(full, list_id=eu, esp_code=1)
    kept = [lead.id for lead in google[:10]]

    assert [lead.id for lead in chosen(full, list_id=eu, ids=kept, esp_code=1)] == kept
    assert chosen(full, list_id=eu, ids=kept, esp_code=2) == []
    assert [lead.id for lead in chosen(full, list_id=eu, ids=kept, excluded_ids=kept[3:])] == kept[:3]


def test_contacts_find_every_lead_of_an_address_in_any_case(full: "Scene") -> None:
    shared = next(
        lead.email
        for lead in chosen(full, in_campaign=True)
        if lead.email and len(chosen(full, contacts=[lead.email])) > 1
    )

    found = chosen(full, contacts=[shared.upper()])
    assert {lead.email for lead in found} == {shared}
    assert len({lead.place for lead in found}) > 1


def test_search_looks_at_names_and_addresses(full: "Scene") -> None:
    assert {lead.first_name for lead in chosen(full, search="greta")} == {"Greta"}
    assert chosen(full, search="ada adler")
    assert chosen(full, search="@fjord.example")
    assert chosen(full, search="nobody at all") == []


def test_in_list_and_in_campaign_are_opposites(full: "Scene") -> None:
    assert len(chosen(full, in_list=True)) == len(chosen(full, in_campaign=False)) == 1_400


@pytest.mark.parametrize("action", ["reply", "email-open", "link-click", "last-contacted", "lead-status-change"])
def test_queries_count_and_look_back(full: "Scene", action: str) -> None:
    ever = chosen(full, queries=[{"actionType": action, "values": {}}])
    lately = chosen(full, queries=[{"actionType": action, "values": {"occurrence-days": 10}}])
    never = {"actionType": action, "values": {"occurrence-count": {"condition": "equal", "count": 0}}}

    assert 0 < len(lately) < len(ever) < 2_000
    assert len(ever) + len(chosen(full, queries=[never])) == 2_000


def test_queries_narrow_each_other(full: "Scene") -> None:
    status = {"actionType": "lead-status", "values": {"lead-status": {"status": 3, "condition": "is"}}}
    other = {"actionType": "lead-status", "values": {"lead-status": {"status": 3, "condition": "is-not"}}}

    assert {lead.status for lead in chosen(full, queries=[status])} == {3}
    assert chosen(full, queries=[status, other]) == []
