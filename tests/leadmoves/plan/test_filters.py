"""The vendor's values, and the words that people use for them."""

import pytest

from leadmoves.errors import InvalidInput
from leadmoves.plan.filters import AccountFilter, EsgCode, EspCode, LeadFilter, LeadQuery
from leadmoves.plan.moves import MoveRequest
from leadmoves.plan.refusal import checked

ENDS = {"list_id": "6a1c0f3e-0d5b-4c55-9f0a-2b8f6c1d7e90", "to_list_id": "77b0f3e0-0d5b-4c55-9f0a-2b8f6c1d7e90"}


def request(**fields: object) -> MoveRequest:
    return checked(MoveRequest, {**ENDS, **fields})


@pytest.mark.parametrize("word", ["FILTER_VAL_NOT_CONTACTED", "Not contacted", "not_contacted", " NOT CONTACTED "])
def test_a_filter_may_be_written_as_the_api_or_as_the_screen_says_it(word: str) -> None:
    assert request(filter=word).filter is LeadFilter.NOT_CONTACTED


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("Google", EspCode.GOOGLE),
        (0, EspCode.IN_QUEUE),
        ("0", EspCode.IN_QUEUE),
        ("web.de", EspCode.WEB_DE),
        (999, 999),
    ],
)
def test_a_mailbox_provider_may_be_a_code_or_a_name(word: object, code: EspCode) -> None:
    assert request(esp_code=word).esp_code == code


@pytest.mark.parametrize(
    ("word", "code"),
    [(1, EsgCode.BARRACUDA), ("1", EsgCode.BARRACUDA), ("Cisco", EsgCode.CISCO), ("none", EsgCode.NONE)],
)
def test_a_gateway_may_be_text_the_older_number_or_a_name(word: object, code: EsgCode) -> None:
    assert request(esg_code=word).body()["esg_code"] == code.value


@pytest.mark.parametrize("values", [LeadFilter, EspCode, EsgCode, AccountFilter])
def test_each_value_has_a_word_of_its_own(values: type) -> None:
    assert len({member.name.replace("_", "") for member in values}) == len(values)


@pytest.mark.parametrize(
    ("field", "given", "hint"),
    [
        ("filter", "FILTER_VAL_CONTACTD", "did you mean FILTER_VAL_CONTACTED"),
        ("filter", "meeting boked", "did you mean FILTER_LEAD_MEETING_BOOKED"),
        ("esp_code", "Gogle", "did you mean 1 (google)"),
        ("esp_code", 4, "it takes 0 (in queue), 1 (google)"),
        ("esp_code", True, "no value of the API"),
        ("esp_code", 1.0, "no value of the API"),
        ("esp_code", "1.0", "no value of the API"),
        ("esg_code", 7, "no value of the API"),
        ("esg_code", False, "no value of the API"),
    ],
)
def test_a_value_that_the_api_does_not_have_is_refused_with_the_nearest(
    field: str, given: object, hint: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        request(**{field: given})

    (problem,) = refused.value.problems
    assert problem.field == field
    assert hint in problem.message


def test_a_query_is_sent_under_the_names_of_the_api() -> None:
    query = {"actionType": "lead-status", "values": {"lead-status": {"status": -1, "condition": "is-not"}}}

    assert request(queries=[query]).body()["queries"] == [query]
    assert request(queries=[LeadQuery.model_validate(query)]).body()["queries"] == [query]


@pytest.mark.parametrize(
    ("query", "field", "hint"),
    [
        ({"actionType": "reply", "values": {}}, "queries[0].values", "give occurrence-days"),
        (
            {"actionType": "replied", "values": {"occurrence-days": 1}},
            "queries[0].actionType",
            "'reply', 'email-open'",
        ),
        ({"values": {"occurrence-days": 1}}, "queries[0].actionType", "is missing"),
        (
            {"actionType": "reply", "values": {"occurrence_dayz": 1}},
            "queries[0].values.occurrence_dayz",
            "occurrence-days",
        ),
        (
            {"actionType": "reply", "values": {"occurrence-days": -1}},
            "queries[0].values.occurrence-days",
            "at least 0",
        ),
        (
            {"actionType": "reply", "values": {"occurrence-count": {"condition": "most", "count": 1}}},
            "queries[0].values.occurrence-count.condition",
            "'more', 'less' or 'equal'",
        ),
    ],
)
def test_a_query_that_the_api_would_not_understand_is_refused(query: object, field: str, hint: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        request(queries=[query])

    (problem,) = refused.value.problems
    assert problem.field == field
    assert hint in problem.message
