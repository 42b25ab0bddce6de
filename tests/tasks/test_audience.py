"""How far a run has come, as its progress artifact shows it."""

from leadmoves.jobs import Job, Outcome
from leadmoves.outcome.report import MoveReport
from tasks.audience import ProgressArtifact


def report(job_id: str) -> MoveReport:
    return MoveReport(name="a", key="k", outcome=Outcome.SUCCEEDED, job_ids=(job_id,))


def test_progress_is_the_mean_of_all_moves_and_never_more_than_everything() -> None:
    artifact = ProgressArtifact(moves=4, key="progress")
    assert artifact.percent == 0

    artifact.noticed(Job(id="one", progress=50))
    artifact.noticed(Job(id="two", progress=250))  # an API that lies
    assert artifact.percent == (50 + 100) / 4

    artifact.told(report("two"))
    assert artifact.percent == (50 + 100) / 4

    for job_id in ("one", "three", "four", "five"):
        artifact.told(report(job_id))
    assert artifact.percent == 100


def test_a_run_of_no_moves_shows_nothing_done() -> None:
    assert ProgressArtifact(moves=0, key="progress").percent == 0
