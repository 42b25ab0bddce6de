"""Our requests against the vendor's own description of its API, where a copy of it is at hand."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from leadmoves.plan.filters import AccountFilter, EsgCode, EspCode, LeadFilter
from leadmoves.plan.moves import MoveRequest
from leadmoves.plan.warmup import WarmupRequest

BESIDE = Path(__file__).parents[2].parent / "shared" / "facts" / "instantly-openapi.json"
DESCRIPTION = Path(os.environ.get("LEAD_MOVES_VENDOR_API", BESIDE))

pytestmark = pytest.mark.skipif(
    not DESCRIPTION.is_file(), reason="no copy of the vendor's API description; name one in LEAD_MOVES_VENDOR_API"
)
quick = settings(max_examples=80, derandomize=True, database=None, deadline=None)


def schema(path: str) -> dict[str, Any]:
    described = json.loads(DESCRIPTION.read_text())["paths"][path]["post"]
    found: dict[str, Any] = described["requestBody"]["content"]["application/json"]["schema"]
    return found


@pytest.fixture(scope="module")
def moving() -> dict[str, Any]:
    return schema("/api/v2/leads/move")


@pytest.fixture(scope="module")
def warming() -> dict[str, Any]:
    return schema("/api/v2/accounts/warmup/enable")


def refuse_nothing(described: dict[str, Any], body: object) -> None:
    Draft202012Validator(described, format_checker=FormatChecker()).validate(body)


ids = st.uuids().map(str)
emails = st.integers(0, 999).map(lambda number: f"a{number}@example.com")
counts = st.fixed_dictionaries(
    {"condition": st.sampled_from(["more", "less", "equal"]), "count": st.integers(0, 9)}
)
statuses = st.fixed_dictionaries({"condition": st.sampled_from(["is", "is-not"]), "status": st.integers(-3, 3)})
values = st.fixed_dictionaries(
    {"occurrence-days": st.integers(0, 365)}, optional={"occurrence-count": counts, "lead-status": statuses}
)
queries = st.fixed_dictionaries(
    {"actionType": st.sampled_from(["reply", "email-open", "lead-status"]), "values": values}
)
words = st.text("abcäöü @.", min_size=1, max_size=9).filter(str.strip)
switches = (
    "in_campaign in_list ignore_resource_filter_clauses copy_leads check_duplicates check_duplicates_in_campaigns "
    "skip_leads_in_verification reset_interest_status"
)
moves = st.builds(
    lambda source, destination, one, other, rest: {source: one, destination: other, **rest},
    st.sampled_from(["campaign", "list_id"]),
    st.sampled_from(["to_campaign_id", "to_list_id"]),
    ids,
    ids,
    st.fixed_dictionaries(
        {},
        optional={
            "limit": st.integers(1, 10**9),
            "filter": st.sampled_from([*LeadFilter, "Not contacted"]),
            "esp_code": st.sampled_from([*EspCode, "Google"]),
            "esg_code": st.sampled_from([*EsgCode, 1, "Barracuda"]),
            "search": words,
            "assigned_to": ids,
            **dict.fromkeys(("ids", "excluded_ids"), st.lists(ids, min_size=1, max_size=3)),
            "contacts": st.lists(emails, min_size=1, max_size=3),
            "queries": st.lists(queries, min_size=1, max_size=2),
            **dict.fromkeys(switches.split(), st.booleans()),
        },
    ),
).filter(lambda body: len({body.get(end) for end in ("campaign", "list_id", "to_campaign_id", "to_list_id")}) > 2)


@quick
@given(given=moves)
def test_every_move_that_we_accept_is_one_that_the_vendor_describes(moving: dict[str, Any], given: Any) -> None:
    request = MoveRequest.model_validate(given)

    refuse_nothing(moving, request.body())
    assert request.body().keys() == given.keys()
    assert MoveRequest.model_validate(request.model_dump(mode="json")) == request
    assert request.echoed_by(json.loads(json.dumps(request.body())))


accounts = st.fixed_dictionaries({}, optional={"tag_id": ids, "filter": st.sampled_from(AccountFilter)}).filter(
    bool
)
warmups = st.one_of(
    st.fixed_dictionaries({"emails": st.lists(emails, min_size=1, max_size=150, unique=True)}),
    st.fixed_dictionaries(
        {"include_all_emails": st.just(True)},
        optional={
            "excluded_emails": st.lists(emails, min_size=1, max_size=100),
            "filter": accounts,
            "search": words,
        },
    ),
)


@quick
@given(given=warmups)
def test_every_warmup_that_we_accept_is_one_that_the_vendor_describes(warming: dict[str, Any], given: Any) -> None:
    for request in WarmupRequest.model_validate(given).requests():
        refuse_nothing(warming, request.body())


def test_our_fields_are_exactly_the_vendors(moving: dict[str, Any], warming: dict[str, Any]) -> None:
    assert MoveRequest.model_fields.keys() == moving["properties"].keys()
    assert len(MoveRequest.model_fields) == 22
    assert WarmupRequest.model_fields.keys() == warming["properties"].keys()


def test_our_values_are_exactly_the_vendors(moving: dict[str, Any], warming: dict[str, Any]) -> None:
    fields = moving["properties"]
    states = warming["properties"]["filter"]["properties"]["filter"]

    assert set(LeadFilter) == fields["filter"]["x-enumDescriptions"].keys()
    assert set(EspCode) == set(fields["esp_code"]["enum"])
    assert set(EsgCode) == set(fields["esg_code"]["enum"])
    assert {*AccountFilter, None} == set(states["enum"])


def test_the_vendors_own_words_are_understood(moving: dict[str, Any], warming: dict[str, Any]) -> None:
    ends = {"list_id": "6a1c0f3e-0d5b-4c55-9f0a-2b8f6c1d7e90", "to_list_id": "77b0f3e0-0d5b-4c55-9f0a-2b8f6c1d7e90"}
    for field in ("esp_code", "esg_code"):
        for value, word in moving["properties"][field]["x-enumDescriptions"].items():
            assert str(MoveRequest.model_validate({**ends, field: word}).body()[field]) == value

    states = warming["properties"]["filter"]["properties"]["filter"]["x-enumDescriptions"]
    for value, word in states.items():
        if value != "null":
            request = WarmupRequest.model_validate({"include_all_emails": True, "filter": {"filter": word}})
            assert request.body()["filter"] == {"filter": value}


def test_our_queries_are_exactly_the_vendors(moving: dict[str, Any]) -> None:
    item = moving["properties"]["queries"]["items"]["properties"]
    ours = MoveRequest.model_json_schema()["$defs"]

    assert ours["LeadQuery"]["properties"]["actionType"]["enum"] == item["actionType"]["enum"]
    assert ours["QueryValues"]["properties"].keys() == item["values"]["properties"].keys()
