"""A move request: what is refused, what is sent, and when two are the same."""

import random
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest

from leadmoves.errors import InvalidInput
from leadmoves.plan.body import fingerprint, same_request
from leadmoves.plan.filters import EspCode, LeadFilter
from leadmoves.plan.moves import MoveRequest, Where, move
from leadmoves.plan.refusal import checked

LIST = "6a1c0f3e-0d5b-4c55-9f0a-2b8f6c1d7e90"
CAMPAIGN = "77b0f3e0-0d5b-4c55-9f0a-2b8f6c1d7e90"
OTHER = "88b0f3e0-0d5b-4c55-9f0a-2b8f6c1d7e90"
ENDS = {"list_id": LIST, "to_campaign_id": CAMPAIGN}

FULL: dict[str, Any] = {
    **ENDS,
    "limit": 5,
    "filter": "FILTER_VAL_VALID",
    "esp_code": 1,
    "esg_code": "1",
    "search": "Ana",
    "ids": [LIST, OTHER],
    "contacts": ["ana@example.com", "bo@example.com"],
    "excluded_ids": [CAMPAIGN, OTHER],
    "queries": [{"actionType": "reply", "values": {"occurrence-days": 7}}],
    "in_campaign": True,
    "in_list": False,
    "ignore_resource_filter_clauses": True,
    "copy_leads": False,
    "check_duplicates": True,
    "check_duplicates_in_campaigns": True,
    "skip_leads_in_verification": True,
    "reset_interest_status": False,
    "assigned_to": OTHER,
}

REFUSED = [
    ({"to_list_id": LIST}, "campaign", "no source; give campaign or list_id"),
    ({"ids": [OTHER], "to_list_id": LIST}, "campaign", "the API takes ids only inside one"),
    ({**ENDS, "campaign": OTHER}, "list_id", "keep one of the two"),
    ({"list_id": LIST}, "to_campaign_id", "no destination; give to_campaign_id or to_list_id"),
    ({**ENDS, "to_list_id": OTHER}, "to_list_id", "keep one of the two"),
    ({"list_id": LIST, "to_list_id": LIST.upper()}, "to_list_id", "is the source as well"),
    ({**ENDS, "lead_ids": [OTHER]}, "lead_ids", "did you mean ids?"),
    ({"from_campaign_id": OTHER, "to_list_id": LIST}, "from_campaign_id", "did you mean campaign?"),
    ({"campaign_id": OTHER, "to_list_id": LIST}, "campaign_id", "did you mean campaign?"),
    (
        {"list_id": LIST, "destination_campaign_id": OTHER},
        "destination_campaign_id",
        "did you mean to_campaign_id?",
    ),
    ({"list_id": LIST, "to_lead_list_id": OTHER}, "to_lead_list_id", "did you mean to_list_id?"),
    ({**ENDS, "exluded_ids": [OTHER]}, "exluded_ids", "did you mean excluded_ids?"),
    ({**ENDS, "qqq": 1}, "qqq", "known are campaign, list_id"),
    ({**ENDS, "limit": 0}, "limit", "at least 1, not 0"),
    ({**ENDS, "limit": 1.5}, "limit", "whole number, not 1.5"),
    ({**ENDS, "limit": "5"}, "limit", "whole number, not '5'"),
    ({**ENDS, "limit": True}, "limit", "whole number, not true"),
    ({**ENDS, "ids": []}, "ids", "is empty; leave the key out"),
    ({**ENDS, "contacts": []}, "contacts", "is empty; leave the key out"),
    ({**ENDS, "excluded_ids": []}, "excluded_ids", "is empty; leave the key out"),
    ({**ENDS, "queries": []}, "queries", "is empty; leave the key out"),
    ({**ENDS, "ids": OTHER}, "ids", "must be a list"),
    ({**ENDS, "ids": [OTHER, "ana@example.com"]}, "ids[1]", "goes into contacts"),
    ({**ENDS, "ids": [12]}, "ids[0]", "must be an id such as"),
    ({**ENDS, "assigned_to": "Ana"}, "assigned_to", "must be an id such as"),
    ({**ENDS, "contacts": ["ana@example"]}, "contacts[0]", "e-mail address such as ana@example.com"),
    ({**ENDS, "contacts": ["ana example.com"]}, "contacts[0]", "e-mail address such as ana@example.com"),
    ({**ENDS, "contacts": ["Ana <ana@example.com>"]}, "contacts[0]", "e-mail address such as ana@example.com"),
    ({**ENDS, "copy_leads": "true"}, "copy_leads", "must be true or false (no quotes)"),
    ({**ENDS, "check_duplicates": 1}, "check_duplicates", "must be true or false (no quotes)"),
    ({**ENDS, "search": "  "}, "search", "must not be blank"),
    ({**ENDS, "search": 5}, "search", "must be text"),
    ([], "Move request", "must be a mapping"),
]


@pytest.mark.parametrize(("given", "field", "hint"), REFUSED)
def test_a_body_that_is_wrong_is_refused_by_field_with_a_way_out(given: Any, field: str, hint: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        checked(MoveRequest, given)

    (problem,) = refused.value.problems
    assert problem.field == field
    assert hint in problem.message


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(InvalidInput) as refused:
        checked(MoveRequest, {"list_id": "x", "limit": 0, "lead_ids": [], "copy_leads": "no"})

    fields = {problem.field for problem in refused.value.problems}
    assert fields == {"list_id", "limit", "lead_ids", "copy_leads", "to_campaign_id"}


def test_what_is_sent_is_what_was_given() -> None:
    assert MoveRequest(**FULL).body() == FULL


def test_ids_are_sent_in_their_canonical_form_and_once() -> None:
    request = checked(MoveRequest, {**ENDS, "ids": [OTHER.upper(), UUID(OTHER), f" {LIST} "]})

    assert request.body()["ids"] == [OTHER, LIST]


def test_addresses_are_sent_as_written_and_once() -> None:
    request = checked(MoveRequest, {**ENDS, "contacts": ["Ana@Example.com", "ana@example.com", "bo@example.com"]})

    assert request.body()["contacts"] == ["Ana@Example.com", "bo@example.com"]


def test_a_request_tells_its_ends() -> None:
    request = checked(MoveRequest, {"campaign": OTHER, "to_list_id": LIST})

    assert (request.source_kind, request.source) == ("campaign", OTHER)
    assert (request.destination_kind, request.destination) == ("list", LIST)


@pytest.mark.parametrize("field", ["ids", "contacts", "search", "filter", "queries", "esp_code", "esg_code"])
def test_a_selector_picks_leads(field: str) -> None:
    assert checked(MoveRequest, {**ENDS, field: FULL[field]}).has_selector


def test_everything_but_is_no_selector() -> None:
    selectors = {"ids", "contacts", "search", "filter", "queries", "esp_code", "esg_code"}
    request = checked(MoveRequest, {key: value for key, value in FULL.items() if key not in selectors})

    assert not request.has_selector
    assert not checked(MoveRequest, {**ENDS, "esg_code": "all"}).has_selector
    assert checked(MoveRequest, {**ENDS, "esp_code": 0}).has_selector


def test_a_fingerprint_knows_no_order_and_no_case() -> None:
    draw = random.Random(7)
    wanted = MoveRequest(**FULL).fingerprint()

    for _ in range(20):
        shuffled = dict(draw.sample(list(FULL.items()), len(FULL)))
        for field in ("ids", "contacts", "excluded_ids"):
            shuffled[field] = [draw.choice([str.upper, str.lower])(each) for each in draw.sample(FULL[field], 2)]
        assert MoveRequest(**shuffled).fingerprint() == wanted
        assert fingerprint(shuffled) == wanted
        assert same_request(FULL, shuffled)


OTHER_VALUES = {
    "filter": "FILTER_VAL_RISKY",
    "esg_code": "2",
    "search": "ana",
    "queries": [{"actionType": "reply", "values": {"occurrence-days": 8}}],
    "contacts": ["ana@example.com"],
}


@pytest.mark.parametrize("field", FULL)
def test_a_fingerprint_sees_every_field(field: str) -> None:
    value = FULL[field]
    changed: Any
    if isinstance(value, bool):
        changed = not value
    elif isinstance(value, int):
        changed = value + 1
    else:
        changed = OTHER_VALUES.get(
            field, [LIST] if isinstance(value, list) else "99b0f3e0-0d5b-4c55-9f0a-2b8f6c1d7e90"
        )
    other = {**FULL, field: changed}
    without = {key: given for key, given in FULL.items() if key != field}

    assert len({fingerprint(FULL), fingerprint(other), fingerprint(without)}) == 3
    assert not same_request(FULL, other)
    assert not same_request(FULL, without)


def test_a_fingerprint_stays_the_same_between_versions() -> None:
    """The ledger keeps it: another value would send old moves again."""
    written = f'{{"copy_leads":true,"list_id":"{LIST}","to_campaign_id":"{CAMPAIGN}"}}'

    assert fingerprint({**ENDS, "copy_leads": True}) == sha256(written.encode()).hexdigest()


@pytest.mark.parametrize(
    ("echo", "same"),
    [
        ({**ENDS, "limit": 1.0}, True),
        ({**ENDS, "limit": 1, "search": None, "later": None}, True),
        ({**ENDS, "limit": 1, "later": 1}, False),
        ({**ENDS, "limit": 1.5}, False),
        ({**ENDS, "limit": True}, False),
        ({**ENDS, "limit": "1"}, False),
        (ENDS, False),
        (None, False),
        ([], False),
    ],
)
def test_a_job_echoes_a_body_up_to_what_means_nothing(echo: object, same: bool) -> None:
    assert checked(MoveRequest, {**ENDS, "limit": 1}).echoed_by(echo) is same


def test_a_move_reads_as_a_sentence() -> None:
    built = move(
        from_list=LIST, where=Where(filter="not contacted", esp=EspCode.GOOGLE), to_campaign=CAMPAIGN, limit=5
    )

    assert built == MoveRequest(**ENDS, filter=LeadFilter.NOT_CONTACTED, esp_code=EspCode.GOOGLE, limit=5)
    assert move(from_list=LIST, to_list=OTHER, copy=True, check_duplicates=True).body() == {
        "list_id": LIST,
        "to_list_id": OTHER,
        "copy_leads": True,
        "check_duplicates": True,
    }


def test_a_move_that_is_wrong_is_refused_when_it_is_built() -> None:
    with pytest.raises(InvalidInput, match="campaign: no source"):
        move(to_list=LIST)


def test_a_request_survives_being_stored() -> None:
    request = MoveRequest(**FULL)

    assert MoveRequest.model_validate(request.model_dump(mode="json")) == request
    assert MoveRequest.model_validate_json(request.model_dump_json()) == request


def test_a_form_shows_every_field_in_order_with_a_title_and_words() -> None:
    shown = MoveRequest.model_json_schema()["properties"]

    assert [field["position"] for field in shown.values()] == list(range(22))
    assert all(field["title"] and field["description"] and field["examples"] for field in shown.values())
