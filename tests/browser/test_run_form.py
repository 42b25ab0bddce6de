"""A person who knows Instantly but not Prefect: the form filled in, the run seen to its end, its table opened."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver

from deployments.catalogue import CATALOGUE, ROOT
from sandbox import Sandbox
from tests.browser.pages import Page, RunForm
from tests.deployments.stage import Stage, jobs, until

PICTURES = ROOT / "docs" / "images" if os.environ.get("LEAD_MOVES_PICTURES") else None


@pytest.fixture
def form(driver: webdriver.Chrome, stage: Stage) -> RunForm:
    return open_form(driver, stage, "move-leads")


def open_form(driver: webdriver.Chrome, stage: Stage, name: str) -> RunForm:
    driver.get(f"{_ui(stage)}/deployments/deployment/{stage.deployment(name)['id']}/run")
    return RunForm(driver)


def fill_in(form: RunForm, instantly: Sandbox, name: str) -> None:
    form.write("Name", name)
    form.write("From list", instantly.workspace.named("EU prospects").id)
    form.write("To campaign", instantly.workspace.named("New year launch").id)


def submitted(form: RunForm, stage: Stage) -> dict[str, Any]:
    """Press the button; the run, once it is over."""
    known = _runs(stage)
    form.submit()
    until(lambda: _runs(stage) > known, "the form made no run")
    [run_id] = _runs(stage) - known
    return stage.ended(run_id)


def test_leads_are_moved_by_hand(form: RunForm, stage: Stage, instantly: Sandbox, tmp_path: Path) -> None:
    fill_in(form, instantly, "eu-google")
    form.write("At most", "5")
    form.choose("Mailbox provider", "Google")
    form.choose("Status", "Not contacted")
    form.picture((PICTURES or tmp_path) / "run-form.png")

    run = submitted(form, stage)

    assert (run["state_type"], run["name"]) == ("COMPLETED", "eu-google → campaign 019f0000, 5 of 5")
    page = Page(form.driver)
    page.driver.get(f"{_ui(stage)}/runs/flow-run/{run['id']}")
    page.reads("Completed")
    page.reads("accepted job=")
    page.picture((PICTURES or tmp_path) / "run-finished.png")
    page.click("Artifacts")
    page.find("//a[contains(normalize-space(.), 'lead-moves')][contains(@href, '/artifacts/artifact/')]").click()
    table = page.reads("succeeded")
    assert "eu-google: 5 of 5 leads" in table
    assert page.find("//table//a[contains(@href, '/app/campaign/')]").text == "campaign 019f0000"
    page.picture((PICTURES or tmp_path) / "run-table.png")


def test_the_vendors_words_are_in_the_drop_downs(form: RunForm) -> None:
    assert {"Not contacted", "Contacted", "Completed", "Unsubscribed"} <= set(form.choices("Status"))
    assert {"Google", "Microsoft", "Zoho"} <= set(form.choices("Mailbox provider"))
    assert {"Barracuda", "Mimecast", "Proofpoint"} <= set(form.choices("E-mail gateway"))


def test_a_bad_value_is_refused_in_two_seconds_with_the_sentence_of_the_command_line(
    form: RunForm, stage: Stage, instantly: Sandbox
) -> None:
    known = jobs(instantly)
    fill_in(form, instantly, "everything")  # no filter and no limit

    run = submitted(form, stage)

    sentence = "whole_source: the request would move every lead of its source; narrow it, or say true here"
    assert (run["state_type"], run["state"]["name"]) == ("FAILED", "BadInput")
    assert run["state"]["message"] == f"Nothing was sent: move.{sentence}"
    assert _seconds(run) < 2
    assert jobs(instantly) == known
    page = Page(form.driver)
    page.driver.get(f"{_ui(stage)}/runs/flow-run/{run['id']}")
    page.reads("BadInput")
    assert "Traceback" not in page.reads(sentence)


def test_an_empty_form_is_told_all_that_is_missing(form: RunForm, stage: Stage) -> None:
    form.find("//label[normalize-space(.)='Name']")

    run = submitted(form, stage)

    assert run["state"]["name"] == "BadInput"
    for missing in ("move.name: is missing", "move.request"):
        assert missing in run["state"]["message"]


@pytest.mark.parametrize("name", [offer.name for offer in CATALOGUE])
def test_no_form_asks_for_json(driver: webdriver.Chrome, stage: Stage, name: str) -> None:
    form = open_form(driver, stage, name)
    form.reads("credentials")

    assert form.editors() == 0


def _ui(stage: Stage) -> str:
    return stage.api.removesuffix("/api")


def _runs(stage: Stage) -> set[str]:
    """Runs of move-leads that somebody asked for."""
    mine = {"deployments": {"name": {"any_": ["move-leads"]}}}
    return {run["id"] for run in stage.post("/flow_runs/filter", mine)}


def _seconds(run: dict[str, Any]) -> float:
    begun, ended = (datetime.fromisoformat(run[name]).astimezone(UTC) for name in ("start_time", "end_time"))
    return (ended - begun).total_seconds()
