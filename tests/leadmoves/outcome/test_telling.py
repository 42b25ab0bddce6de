"""What people read of a move: true counts, the reason, and what to do next."""

from pathlib import Path
from typing import Any

import pytest

from leadmoves.jobs import Outcome
from leadmoves.outcome.report import MoveReport, WarmupReport
from leadmoves.outcome.telling import advice, counted, message, subject
from tests.leadmoves.office import office
from tests.leadmoves.scene import virtually

LEFT = {"duplicated_leads": 12, "leads_in_other_campaigns": 0, "leads_missing_email": None}


def report(outcome: Outcome = Outcome.SUCCEEDED, **more: Any) -> MoveReport:
    return MoveReport(**{"name": "eu-google", "key": "4f1c", "outcome": outcome} | more)


def test_counts_say_what_was_left_out_and_why_in_words() -> None:
    moved = report(total_leads=1500, moved_leads=1488, left_out=LEFT)

    assert counted(moved) == "1,488 of 1,500 leads, 12 left out (12 duplicates)"
    assert counted(report(moved_leads=5)) == "5 leads"
    assert counted(report(Outcome.REFUSED)) == "refused"


def test_the_subject_names_the_move_and_its_outcome() -> None:
    cold = WarmupReport(outcome=Outcome.SHORT)

    assert subject(report(Outcome.IN_DOUBT)) == "Lead move eu-google: in-doubt"
    assert subject(report(warmup=cold)) == "Lead move eu-google: moved, but warmup short"


@pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if outcome is not Outcome.SUCCEEDED])
def test_every_outcome_but_success_says_what_to_do_next(tmp_path: Path, outcome: Outcome) -> None:
    @virtually
    async def told() -> str:
        async with office(tmp_path) as here:
            course = await here.course(here.move())
            return message(report(outcome, reason="because", job_ids=("6b04",)), course.row, "http://ui/run")

    text = told()

    assert advice(outcome, "4f1c") in text
    assert advice(outcome, "4f1c")
    assert "KEY" not in text
    assert "Why: because." in text
    assert "Jobs: 6b04." in text
    assert text.endswith("Key: 4f1c. Run: http://ui/run")
    assert "None" not in text


@virtually
async def test_a_message_names_source_destination_and_every_cold_account(tmp_path: Path) -> None:
    async with office(tmp_path) as here:
        course = await here.course(here.move())
        cold = WarmupReport(outcome=Outcome.SHORT, warmed=1, why={"b@example.com": "warmup is banned"})

        text = message(report(total_leads=3, moved_leads=3, warmup=cold), course.row)

        body = course.row.body
        assert f"from list {body['list_id']} to campaign {body['to_campaign_id']}" in text
        assert "Warmup short: 1 accounts warm; not warm: b@example.com: warmup is banned." in text
