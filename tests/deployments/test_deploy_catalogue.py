"""What is said twice is said alike: the catalogue and prefect.yaml; a bad schedule is refused in a sentence."""

import inspect
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from deployments.catalogue import CATALOGUE, POOL, ROOT, TAGS, Offer
from deployments.intake import check_timings, flow_of
from deployments.timetable import read_timetable
from leadmoves.errors import InvalidInput

LIST = "6a1c0f3e-0d5b-4c55-9f0a-2b8f6c1d7e90"
CAMPAIGN = "77b0c0de-0d5b-4c55-9f0a-2b8f6c1d7e90"
MOVE = f"{{name: top-up, request: {{list_id: {LIST}, to_campaign_id: {CAMPAIGN}, limit: 200}}}}"
NO_LEADS = MOVE.replace("200", "0")


def as_prefect_says(offer: Offer) -> Mapping[str, Any]:
    schedules = [
        {"slug": each.slug, "cron": each.cron, "timezone": each.timezone, **_given(each.parameters)}
        for each in offer.schedules
    ]
    return {
        "name": offer.name,
        "entrypoint": offer.entry_point,
        "description": offer.description,
        "tags": list(TAGS),
        "work_pool": {"name": POOL},
        "enforce_parameter_schema": False,
        "concurrency_limit": {"limit": offer.at_once, "collision_strategy": "ENQUEUE"},
        "schedules": schedules,
    }


def _given(parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {"parameters": dict(parameters)} if parameters else {}


def test_prefect_yaml_and_the_catalogue_agree() -> None:
    said = yaml.safe_load((ROOT / "deployments/prefect.yaml").read_text())
    assert said["deployments"] == [as_prefect_says(offer) for offer in CATALOGUE]


def test_every_flow_has_a_deployment_of_its_name() -> None:
    offered = {offer.function: flow_of(offer).name for offer in CATALOGUE}
    decorated = {
        path.stem
        for path in (ROOT / "flows").glob("*.py")
        if re.search(r"^@flow\(", path.read_text(), re.MULTILINE)
    }
    assert set(offered) == decorated
    assert offered == {offer.function: offer.name for offer in CATALOGUE}


def test_every_parameter_of_a_flow_is_described_for_the_form() -> None:
    for offer in CATALOGUE:
        described = inspect.getdoc(flow_of(offer).fn) or ""
        for parameter in inspect.signature(flow_of(offer).fn).parameters:
            assert re.search(rf"^ +{parameter}: ", described, re.MULTILINE), (offer.name, parameter)


def test_the_example_of_a_daily_top_up_is_a_good_schedules_file() -> None:
    timings = read_timetable(ROOT / "deployments/schedules.example.yaml")
    check_timings(timings, CATALOGUE)
    assert timings["move-leads"][0].parameters["move"]["request"]["limit"] == 200


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "schedules: {move-leads: [{slug: a, cron: at seven}]}",
            "cron: must be such as 0 7 * * 1-5, not",
        ),
        ("schedules: {move-leads: [{slug: a, rrule: WEEKLY}]}", "rrule: must be such as FREQ=WEEKLY"),
        ("schedules: {move-leads: [{slug: a, interval: PT5S}]}", "interval: must be at least PT1M"),
        ("schedules: {move-leads: [{slug: a}]}", "says no time; give cron, interval or rrule"),
        (
            "schedules: {move-leads: [{slug: a, cron: 0 7 * * *, timezone: Berlin}]}",
            "timezone: must be a time zone such as Europe/Berlin, not 'Berlin'",
        ),
        (
            "schedules: {move-leads: [{slug: a, cron: 0 7 * * *}, {slug: a, cron: 0 8 * * *}]}",
            "'a' is used twice; slugs are unique",
        ),
        ("schedules: {move-lead: []}", "schedules.move-lead: there is no such deployment; known are move-leads"),
        (
            "schedules: {move-leads: [{slug: a, cron: 0 7 * * *}]}",
            "schedules.move-leads[0].parameters.move: is missing; add it",
        ),
        (
            f"schedules: {{move-leads: [{{slug: a, cron: 0 7 * * *, parameters: {{move: {MOVE}, when: now}}}}]}}",
            "parameters.when: is no parameter of move-leads; known are move, occasion, credentials",
        ),
        (
            f"schedules: {{move-leads: [{{slug: a, rrule: FREQ=DAILY, parameters: {{move: {NO_LEADS}}}}}]}}",
            "parameters.move.request.limit: must be at least 1, not 0",
        ),
    ],
)
def test_a_bad_schedule_is_refused_in_a_sentence(text: str, sentence: str, tmp_path: Path) -> None:
    file = tmp_path / "schedules.yaml"
    file.write_text(text)
    with pytest.raises(InvalidInput) as refused:
        check_timings(read_timetable(file), CATALOGUE)
    assert sentence in str(refused.value)
