"""How a move ended, as a value: from its job, from a wait that is over, or from its row."""

from pydantic import BaseModel, ConfigDict

from leadmoves.jobs import Job, Outcome
from leadmoves.ledger import Row, State
from leadmoves.watch.followed import Seen, Wait

UNTOLD = "the job failed without saying why"


class Ending(BaseModel):
    """An outcome with its reason and, where there is one, its job."""

    model_config = ConfigDict(frozen=True)

    outcome: Outcome
    reason: str | None = None
    job: Job | None = None
    candidates: tuple[str, ...] = ()


def ending_of_job(job: Job, at_least: int | None = None) -> Ending:
    """What an ended move job amounts to. «success» says only that the job ran.

    Args:
        job: with its counters.
        at_least: fewer moved leads than this are `short`.

    """
    match job.status:
        case "failed":
            return Ending(outcome=Outcome.FAILED, reason=job.error or UNTOLD, job=job)
        case "cancelled":
            return Ending(outcome=Outcome.CANCELLED, reason="the job was cancelled by a user", job=job)
        case "success":
            outcome, why = _success(job, at_least)
            return Ending(outcome=outcome, reason=why, job=job)
        case odd:
            raise ValueError(f"job {job.id} has not ended: {odd}")


def _success(job: Job, at_least: int | None) -> tuple[Outcome, str | None]:
    moved, total = job.count("moved_leads"), job.count("total_leads")
    if moved is None:
        return Outcome.NOTHING_MOVED, "the job succeeded but does not say that anything moved"
    if moved == 0:
        return Outcome.NOTHING_MOVED, f"0 of {total or 0} selected leads moved"
    if at_least is not None and moved < at_least:
        return Outcome.SHORT, f"{moved} moved, at least {at_least} expected"
    return Outcome.SUCCEEDED, None


def ending_of_wait(seen: Seen, job_id: str, at_least: int | None = None) -> Ending:
    """What the end of waiting amounts to."""
    job = seen.job
    shown = f"job {job_id} ({job.status}, {job.progress:.0f} %)" if job else f"job {job_id}"
    match seen.wait:
        case Wait.ENDED if job is not None:
            return ending_of_job(job, at_least)
        case Wait.STALLED:
            return Ending(outcome=Outcome.STALLED, reason=f"{shown} stands still: {seen.note}", job=job)
        case Wait.UNKNOWN:
            return Ending(outcome=Outcome.IN_DOUBT, reason=f"{shown}: {seen.note}", candidates=(job_id,))
        case _:
            why = f"stopped waiting; {shown} goes on"
            return Ending(outcome=Outcome.STILL_RUNNING, reason="; ".join(filter(None, (why, seen.note))), job=job)


def ending_of_row(row: Row) -> Ending | None:
    """What the ledger knows of a move without a job: refused, not sent, in doubt. None where a job is known."""
    if row.outcome is None or row.state is State.ACCEPTED:
        return None
    return Ending(outcome=row.outcome, reason=row.reason, candidates=row.candidates)
