import pickle
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadmoves.jobs import ENDED, KNOWN, Job, Outcome, parse_job

ID = "66" * 12
whole = {
    "id": ID,
    "workspace_id": "019f",
    "type": "move-leads",
    "entity_id": "list-1",
    "entity_type": "list",
    "status": "success",
    "progress": 100,
    "data": {"filters": {"list_id": "list-1"}, "moved_leads": 5, "moved_lead_emails": ["a@b.c"]},
    "created_at": "2026-11-23T10:00:00.000Z",
    "updated_at": "2026-11-23T10:00:01.000Z",
}
json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def test_a_job_as_the_api_documents_it_is_read() -> None:
    job = parse_job(whole)

    assert job
    assert (job.id, job.status, job.ended, job.progress) == (ID, "success", True, 100)
    assert job.filters == {"list_id": "list-1"}
    assert job.count("moved_leads") == 5
    assert job.updated_at == datetime(2026, 11, 23, 10, 0, 1, tzinfo=UTC)


@given(st.dictionaries(st.sampled_from(sorted(whole)), json), json)
def test_whatever_a_row_says_it_is_a_job_or_none_and_never_an_error(odd: dict[str, Any], stranger: Any) -> None:
    for document in (whole | odd, odd, stranger):
        job = parse_job(document)
        if job is None:
            continue
        assert job.id
        assert job.ended == (job.status in ENDED)
        assert isinstance(job.count("moved_leads"), int | None)
        assert isinstance(job.error, str | None)
        assert job.filters is not None
        assert job.progress == job.progress, "no NaN"
        if job.updated_at:
            job.updated_at.timestamp()


@given(st.dictionaries(st.sampled_from(sorted(set(whole) - {"id"})), json))
def test_an_odd_field_costs_that_field_alone(odd: dict[str, Any]) -> None:
    job = parse_job(whole | odd)

    assert job
    assert job.id == ID
    if "data" not in odd:
        assert job.count("moved_leads") == 5
    if "status" not in odd:
        assert job.ended


@pytest.mark.parametrize("document", [None, [], "x", {}, {"id": None}, {"id": 7}, {"id": ""}, {"id": ["x"]}])
def test_without_a_readable_id_there_is_no_job(document: object) -> None:
    assert parse_job(document) is None


@pytest.mark.parametrize("status", [*sorted(KNOWN), "completed", "error", "Success", "", "unheard-of"])
def test_only_the_three_documented_ends_are_ends(status: str) -> None:
    job = parse_job(whole | {"status": status})

    assert job
    assert job.status == status
    assert job.ended == (status in {"success", "failed", "cancelled"})


@pytest.mark.parametrize("progress", [None, "NaN", float("nan"), float("inf"), "far", [50], {}])
def test_a_progress_that_is_no_number_says_nothing(progress: object) -> None:
    job = parse_job(whole | {"progress": progress})

    assert job
    assert not job.tells_progress


def test_a_time_without_a_zone_is_the_apis_own() -> None:
    job = parse_job(whole | {"updated_at": "2026-11-23T10:00:01"})

    assert job
    assert job.updated_at == datetime(2026, 11, 23, 10, 0, 1, tzinfo=UTC)


@pytest.mark.parametrize(("value", "count"), [(5, 5), (5.0, 5), (0, 0), (None, None), ("5", None), (True, None)])
def test_a_counter_is_a_number_or_none(value: object, count: int | None) -> None:
    assert Job(id=ID, data={"moved_leads": value}).count("moved_leads") == count
    assert Job(id=ID).count("moved_leads") is None


@pytest.mark.parametrize("key", ["error", "message", "error_message"])
def test_a_failed_job_says_why_wherever_it_says_it(key: str) -> None:
    assert Job(id=ID, data={key: "no quota"}).error == "no quota"
    assert Job(id=ID, data={key: {"code": 7}}).error == "{'code': 7}"
    assert Job(id=ID, data={key: ""}).error is None


def test_nobody_keeps_the_addresses() -> None:
    job = parse_job(whole)

    assert job
    assert "moved_lead_emails" not in job.without_addresses().data
    assert job.without_addresses().count("moved_leads") == 5


def test_unknown_keys_survive() -> None:
    job = parse_job(whole | {"brand_new": 1})

    assert job
    assert job.model_dump()["brand_new"] == 1
    assert pickle.loads(pickle.dumps(job)) == job  # noqa: S301 - our own


def test_the_states_of_prefect_are_named_after_outcomes() -> None:
    assert [outcome.state_name for outcome in (Outcome.IN_DOUBT, Outcome.SUCCEEDED, Outcome.NOT_SENT)] == [
        "InDoubt",
        "Succeeded",
        "NotSent",
    ]
    assert {outcome for outcome in Outcome if outcome.open} == {"stalled", "still-running", "in-doubt"}
