from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from leadmoves.jobs import Job, parse_job
from leadmoves.watch.cadence import Watched
from leadmoves.watch.followed import STALL, STRIKES, Followed, Seen, Wait

ID = "66" * 12
TOLERANCE = 60.0


def row(status: str = "in-progress", progress: float | None = 10, changed: float = 0, **data: Any) -> Job:
    then = datetime(2026, 11, 23, tzinfo=UTC) + timedelta(seconds=changed)
    told = {"id": ID, "status": status, "updated_at": then.isoformat(), "data": data}
    job = parse_job(told if progress is None else told | {"progress": progress})
    assert job
    return job


def begun(deadline: float = 10_000.0) -> Followed:
    return Followed(Watched(ID, 0.0, deadline), changed=0.0)


def verdict(job: Followed, now: float, *, blind: bool = False) -> Seen | None:
    return job.verdict(now, tolerance=TOLERANCE, stall=STALL, blind=blind)


@pytest.mark.parametrize("status", ["success", "failed", "cancelled"])
def test_an_ended_job_is_over_even_at_the_deadline(status: str) -> None:
    seen = verdict(begun(deadline=5.0).with_row(row(status), 5.0), 5.0)

    assert seen == Seen(Wait.ENDED, row(status))


@pytest.mark.parametrize("status", ["pending", "in-progress", "draining", "paused", "unheard-of"])
def test_no_other_status_is_an_end(status: str) -> None:
    assert verdict(begun().with_row(row(status, 100), 5.0), 5.0) is None


def test_an_unknown_status_is_remembered_as_odd() -> None:
    job = begun().with_row(row("half-done"), 1.0).with_row(row("draining"), 2.0).with_row(row("half-done"), 3.0)

    assert job.odd == {"half-done"}


@pytest.mark.parametrize("status", ["pending", "in-progress", "draining", "unheard-of"])
def test_without_any_change_for_ten_minutes_it_stands_still(status: str) -> None:
    job = begun().with_row(row(status), 1.0).with_row(row(status), STALL)

    assert verdict(job, STALL) is None
    seen = verdict(job, STALL + 1)
    assert seen
    assert (seen.wait, seen.note) == (Wait.STALLED, "no change for 600 s")


def test_a_paused_job_may_stand_still() -> None:
    assert verdict(begun().with_row(row("paused"), 1.0), 5_000.0) is None


@pytest.mark.parametrize(
    "changed", [row("draining"), row(progress=11), row(changed=1)], ids=["status", "progress", "updated_at"]
)
def test_any_change_lets_the_time_begin_anew(changed: Job) -> None:
    job = begun().with_row(row(), 1.0).with_row(changed, 500.0)

    assert verdict(job, 1_000.0) is None
    assert verdict(job, 500.0 + STALL)


def test_progress_that_is_no_number_is_no_change() -> None:
    job = begun().with_row(row(progress=float("nan")), 1.0).with_row(row(progress=float("nan")), 500.0)

    assert verdict(job, STALL + 1)


def test_progress_that_the_row_leaves_out_stays_what_it_was() -> None:
    job = begun().with_row(row(progress=50), 10.0).with_row(row(progress=None), 12.0)

    assert job.watched.last
    assert job.watched.last.progress == 50
    assert job.watched.left is not None, "it did not run backwards"


def test_who_cannot_look_cannot_tell_a_standstill() -> None:
    assert verdict(begun().with_row(row(), 1.0), 5_000.0, blind=True) is None


def test_a_job_that_the_api_does_not_know_yet_is_waited_for() -> None:
    job = begun()
    for now in range(20):
        job = job.without_row(float(now), unknown=True)

    assert verdict(job, TOLERANCE) is None


def test_a_job_that_the_api_does_not_know_for_long_is_unknown() -> None:
    job = begun().with_row(row(), 1.0)
    for strike in range(STRIKES):
        assert verdict(job, 100.0 + strike) is None, "a single 404 may be a misled edge"
        job = job.without_row(100.0 + strike, unknown=True)

    seen = verdict(job, 103.0)
    assert seen
    assert (seen.wait, seen.job) == (Wait.UNKNOWN, row())


def test_a_row_makes_good_for_the_404s_before_it() -> None:
    job = begun()
    for now in range(100, 120, 2):
        job = job.without_row(now, unknown=True).with_row(row(changed=now), now + 1)

    assert verdict(job, 120.0) is None


def test_at_the_deadline_waiting_is_over_and_the_job_goes_on() -> None:
    job = begun(deadline=50.0).with_row(row(), 49.0)

    assert verdict(job, 49.9) is None
    assert verdict(job, 50.0) == Seen(Wait.DEADLINE, row())
    assert verdict(begun(deadline=50.0), 50.0, blind=True) == Seen(Wait.DEADLINE, None)
    assert verdict(job.until(70.0), 50.0) is None
