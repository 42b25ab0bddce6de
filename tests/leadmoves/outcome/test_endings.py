from typing import Any

import pytest

from leadmoves.jobs import Job, Outcome
from leadmoves.outcome.endings import ending_of_job, ending_of_wait
from leadmoves.watch import Seen, Wait

ID = "66" * 12


def job(status: str, **data: Any) -> Job:
    return Job(id=ID, status=status, progress=40, data=data)


@pytest.mark.parametrize(
    ("ended", "at_least", "outcome", "reason"),
    [
        (job("success", moved_leads=5, total_leads=5), None, Outcome.SUCCEEDED, None),
        (job("success", moved_leads=5, total_leads=9), 5, Outcome.SUCCEEDED, None),
        (job("success", moved_leads=4, total_leads=9), 5, Outcome.SHORT, "4 moved, at least 5 expected"),
        (job("success", moved_leads=0, total_leads=9), None, Outcome.NOTHING_MOVED, "0 of 9 selected"),
        (job("success", moved_leads=0), 5, Outcome.NOTHING_MOVED, "0 of 0"),
        (job("success"), None, Outcome.NOTHING_MOVED, "does not say"),
        (job("success", moved_leads="many"), None, Outcome.NOTHING_MOVED, "does not say"),
        (job("failed"), None, Outcome.FAILED, "without saying why"),
        (job("failed", error="no quota", moved_leads=3), 1, Outcome.FAILED, "no quota"),
        (job("cancelled", moved_leads=3), 1, Outcome.CANCELLED, "cancelled by a user"),
    ],
)
def test_what_an_ended_job_amounts_to(
    ended: Job, at_least: int | None, outcome: Outcome, reason: str | None
) -> None:
    ending = ending_of_job(ended, at_least)

    assert ending.outcome is outcome
    assert ending.job is ended
    assert (ending.reason is None) if reason is None else (reason in str(ending.reason))


@pytest.mark.parametrize("status", ["pending", "in-progress", "draining", "paused", "unheard-of"])
def test_a_job_that_has_not_ended_is_never_an_end(status: str) -> None:
    with pytest.raises(ValueError, match="has not ended"):
        ending_of_job(job(status, moved_leads=5))


@pytest.mark.parametrize(
    ("seen", "outcome", "reason"),
    [
        (Seen(Wait.ENDED, job("success", moved_leads=5)), Outcome.SUCCEEDED, None),
        (Seen(Wait.ENDED, job("failed")), Outcome.FAILED, "without saying why"),
        (Seen(Wait.STALLED, job("in-progress"), "no change for 600 s"), Outcome.STALLED, "no change for 600 s"),
        (Seen(Wait.UNKNOWN, None, "the API does not know it"), Outcome.IN_DOUBT, "does not know it"),
        (Seen(Wait.DEADLINE, job("in-progress")), Outcome.STILL_RUNNING, "(in-progress, 40 %) goes on"),
        (Seen(Wait.DEADLINE, None), Outcome.STILL_RUNNING, f"job {ID} goes on"),
        (Seen(Wait.LOCKED_OUT, None, "401 Invalid"), Outcome.STILL_RUNNING, "401 Invalid"),
    ],
)
def test_what_the_end_of_a_wait_amounts_to(seen: Seen, outcome: Outcome, reason: str | None) -> None:
    ending = ending_of_wait(seen, ID)

    assert ending.outcome is outcome
    assert (ending.reason is None) if reason is None else (reason in str(ending.reason))


def test_a_job_that_vanished_is_named_as_the_candidate() -> None:
    assert ending_of_wait(Seen(Wait.UNKNOWN, None, "gone"), ID).candidates == (ID,)


@pytest.mark.parametrize("wait", Wait)
@pytest.mark.parametrize("status", ["pending", "in-progress", "draining", "paused", "unheard-of"])
def test_no_wait_makes_a_running_job_a_success(wait: Wait, status: str) -> None:
    if wait is Wait.ENDED:
        return
    assert ending_of_wait(Seen(wait, job(status, moved_leads=5)), ID).outcome.open
