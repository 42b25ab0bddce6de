import json
from dataclasses import fields
from typing import Any

import pytest

from leadmoves.api.tally import Tally
from leadmoves.jobs import Job, Outcome
from leadmoves.ledger import Row
from leadmoves.outcome.endings import Ending
from leadmoves.outcome.report import MoveReport, Report, Verified, WarmupReport, report_of

ID = "66" * 12
COUNTERS = {
    "total_leads": 500,
    "moved_leads": 488,
    "duplicated_leads": 12,
    "leads_in_other_campaigns": 0,
    "ignored_leads_from_blocklist": 0,
    "leads_missing_email": None,
}


def row(**known: Any) -> Row:
    told = {"name": "eu", "key": "k1", "job_id": ID, "adopted": False, "candidates": ()}
    return Row(**{field.name: None for field in fields(Row)} | told | known)


def told(outcome: Outcome = Outcome.SUCCEEDED, warm: Outcome | None = None) -> MoveReport:
    warmup = WarmupReport(outcome=warm) if warm else None
    return MoveReport(name="eu", key="k1", outcome=outcome, warmup=warmup)


def test_the_report_has_the_documented_shape() -> None:
    job = Job(id=ID, status="success", data=COUNTERS)
    move = report_of(row(), Ending(outcome=Outcome.SUCCEEDED, job=job), Tally(submit=1, look=4, other=3), 3.10049)
    move = move.model_copy(
        update={
            "verified": Verified(checked=5),
            "warmup": WarmupReport(outcome=Outcome.SUCCEEDED, job_id=ID, warmed=1),
        }
    )

    document = json.loads(Report(occasion="2026-11-23", moves=(move,)).model_dump_json())

    assert document == {
        "occasion": "2026-11-23",
        "moves": [
            {
                "name": "eu",
                "key": "k1",
                "outcome": "succeeded",
                "reason": None,
                "job_ids": [ID],
                "candidates": [],
                "total_leads": 500,
                "moved_leads": 488,
                "left_out": {
                    "duplicated_leads": 12,
                    "leads_in_other_campaigns": 0,
                    "ignored_leads_from_blocklist": 0,
                    "leads_missing_email": None,
                },
                "verified": {"checked": 5, "wrong": 0},
                "warmup": {"outcome": "succeeded", "job_id": ID, "warmed": 1, "not_warmed": [], "why": {}},
                "notified": [],
                "requests": {"submit": 1, "look": 4, "other": 3},
                "seconds": 3.1,
                "adopted": False,
                "decisions": {},
            }
        ],
    }
    assert MoveReport.model_validate(document["moves"][0]) == move, "a later process reads it back"


def test_without_a_job_no_counter_is_made_up() -> None:
    ending = Ending(outcome=Outcome.IN_DOUBT, reason="two may be ours", candidates=("a", "b"))

    move = report_of(row(job_id=None, adopted=True), ending, Tally(), 0.0)

    assert (move.total_leads, move.moved_leads, set(move.left_out.values())) == (None, None, {None})
    assert (move.job_ids, move.candidates, move.adopted) == ((), ("a", "b"), True)


def code(*moves: MoveReport) -> int:
    return Report(occasion="today", moves=moves).exit_code


@pytest.mark.parametrize("outcome", Outcome)
def test_the_exit_code_is_as_bad_as_the_worst_move(outcome: Outcome) -> None:
    expected = {Outcome.SUCCEEDED: 0, Outcome.IN_DOUBT: 3, Outcome.STILL_RUNNING: 3}.get(outcome, 1)

    assert code(told(outcome)) == expected
    assert code(told(), told(outcome), told()) == expected
    assert code(told(outcome), told(Outcome.IN_DOUBT)) == 3
    assert code(told(outcome), told(Outcome.FAILED)) == max(expected, 1)


def test_a_plan_without_moves_is_done() -> None:
    assert code() == 0


def test_a_success_with_a_cold_warmup_is_not_good() -> None:
    assert told().good
    assert told(warm=Outcome.SUCCEEDED).good
    assert not told(warm=Outcome.SHORT).good
    assert not told(Outcome.SHORT, warm=Outcome.SUCCEEDED).good
