"""A warmup request: what is refused, cut and recognised."""

from typing import Any

import pytest

from leadmoves.errors import InvalidInput
from leadmoves.plan.filters import AccountFilter
from leadmoves.plan.refusal import checked
from leadmoves.plan.warmup import WarmupRequest

TAG = "6a1c0f3e-0d5b-4c55-9f0a-2b8f6c1d7e90"
EVERY = {
    "include_all_emails": True,
    "excluded_emails": ["bo@example.com", "ana@example.com"],
    "filter": {"tag_id": TAG, "filter": "ACC_FILTER_W_PAUSED"},
    "search": "example.com",
}


def addresses(count: int) -> list[str]:
    return [f"a{number}@example.com" for number in range(count)]


@pytest.mark.parametrize(
    ("given", "field", "hint"),
    [
        ({}, "emails", "give emails, or include_all_emails: true"),
        ({"include_all_emails": False}, "emails", "give emails, or include_all_emails: true"),
        ({"emails": ["ana@example.com"], "include_all_emails": True}, "emails", "not both"),
        ({"emails": ["ana@example.com"], "search": "x"}, "search", "needs include_all_emails: true"),
        ({"emails": ["ana@example.com"], "filter": {"tag_id": TAG}}, "filter", "needs include_all_emails: true"),
        (
            {"emails": ["ana@example.com"], "excluded_emails": ["b@example.com"]},
            "excluded_emails",
            "include_all_emails",
        ),
        ({"emails": []}, "emails", "is empty"),
        ({"emails": ["ana"]}, "emails[0]", "e-mail address such as"),
        ({"include_all_emails": "yes"}, "include_all_emails", "true or false"),
        ({**EVERY, "excluded_emails": addresses(101)}, "excluded_emails", "at most 100"),
        ({**EVERY, "filter": {}}, "filter", "give tag_id or filter"),
        (
            {**EVERY, "filter": {"filter": "ACC_FILTER_W_PAUSE"}},
            "filter.filter",
            "did you mean ACC_FILTER_W_PAUSED",
        ),
        ({**EVERY, "filter": {"tag": TAG}}, "filter.tag", "did you mean tag_id?"),
        ({"accounts": ["ana@example.com"]}, "accounts", "did you mean emails?"),
    ],
)
def test_a_warmup_that_is_wrong_is_refused_by_field_with_a_way_out(given: Any, field: str, hint: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        checked(WarmupRequest, given)

    told = {problem.field: problem.message for problem in refused.value.problems}
    assert hint in told[field]


def test_a_state_of_accounts_may_be_written_as_the_screen_says_it() -> None:
    request = checked(WarmupRequest, {"include_all_emails": True, "filter": {"filter": "Warmup paused"}})

    assert request.filter is not None
    assert request.filter.filter is AccountFilter.WARMUP_PAUSED


@pytest.mark.parametrize(("count", "sizes"), [(1, [1]), (100, [100]), (101, [100, 1]), (250, [100, 100, 50])])
def test_more_than_100_addresses_become_several_requests(count: int, sizes: list[int]) -> None:
    requests = checked(WarmupRequest, {"emails": addresses(count)}).requests()

    assert [len(request.emails or ()) for request in requests] == sizes
    assert [email for request in requests for email in request.emails or ()] == addresses(count)


def test_all_accounts_are_one_request_and_sent_as_given() -> None:
    (request,) = checked(WarmupRequest, EVERY).requests()

    assert request.body() == EVERY
    assert WarmupRequest.model_validate(request.model_dump(mode="json")) == request


ECHO = {
    "emails": None,
    "includeAllEmails": True,
    "excludedEmails": ["Ana@example.com", "bo@example.com"],
    "filter": {"tag_id": TAG, "filter": "ACC_FILTER_W_PAUSED"},
    "search": "example.com",
}


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({}, True),
        ({"includeAllEmails": None}, False),
        ({"excludedEmails": ["bo@example.com"]}, False),
        ({"filter": None}, False),
        ({"search": "example.org"}, False),
        ({"emails": ["ana@example.com"]}, False),
    ],
)
def test_a_job_echoes_a_warmup_under_other_names(change: dict[str, Any], same: bool) -> None:
    assert checked(WarmupRequest, EVERY).echoed_by({**ECHO, **change}) is same


def test_a_fingerprint_knows_no_order_and_sees_every_field() -> None:
    request = checked(WarmupRequest, EVERY)
    turned = checked(WarmupRequest, {**EVERY, "excluded_emails": ["ANA@example.com", "bo@example.com"]})
    poorer = [checked(WarmupRequest, {k: v for k, v in EVERY.items() if k != gone}) for gone in list(EVERY)[1:]]

    assert request.fingerprint() == turned.fingerprint()
    assert len({each.fingerprint() for each in [request, *poorer]}) == 4
