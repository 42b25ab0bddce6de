"""What is told of a run: one record a move, the same on the command line, in Prefect and in the ledger."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field

from leadmoves.api.tally import Purpose, Tally
from leadmoves.jobs import Job, Outcome
from leadmoves.ledger import Row
from leadmoves.outcome.endings import Ending

LEFT_OUT = (
    "duplicated_leads",
    "leads_in_other_campaigns",
    "ignored_leads_from_blocklist",
    "leads_missing_email",
)


class Verified(BaseModel):
    """A sample of moved leads read back."""

    model_config = ConfigDict(frozen=True)

    checked: int = 0
    wrong: int = 0  # of these, not at the destination


class WarmupReport(BaseModel):
    """What became of the warmup that a success asked for. `succeeded` only where every account warms up."""

    model_config = ConfigDict(frozen=True)

    outcome: Outcome
    job_id: str | None = None
    warmed: int = 0
    not_warmed: tuple[str, ...] = ()  # addresses
    why: Mapping[str, str] = Field(default_factory=dict)  # address (or job) to reason


class MoveReport(BaseModel):
    """What happened to one move. Counters are null where no job told them."""

    model_config = ConfigDict(frozen=True)

    name: str
    key: str
    outcome: Outcome
    reason: str | None = None
    job_ids: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()
    total_leads: int | None = None
    moved_leads: int | None = None
    left_out: Mapping[str, int | None] = Field(default_factory=lambda: dict.fromkeys(LEFT_OUT))
    verified: Verified | None = None
    warmup: WarmupReport | None = None
    notified: tuple[str, ...] = ()
    requests: Mapping[Purpose, int] = Field(default_factory=lambda: Tally().as_dict())
    seconds: float = 0.0
    adopted: bool = False
    decisions: Mapping[str, int] = Field(default_factory=dict)  # how often what was decided, by the last process

    def followed_by(self, verified: Verified | None, warmup: WarmupReport | None) -> "MoveReport":
        """The report of a success with what came after it; a sample that is not where it should be is said."""
        read = verified or Verified()
        lost = f"{read.wrong} of {read.checked} sampled leads are not at the destination" if read.wrong else None
        return self.model_copy(update={"verified": verified, "warmup": warmup, "reason": lost or self.reason})

    @property
    def good(self) -> bool:
        """Succeeded, with every account warm that should be: nobody has to be told."""
        warm = self.warmup is None or self.warmup.outcome is Outcome.SUCCEEDED
        return self.outcome is Outcome.SUCCEEDED and warm


class Report(BaseModel):
    """What happened to a plan."""

    model_config = ConfigDict(frozen=True)

    occasion: str
    moves: tuple[MoveReport, ...] = ()

    @property
    def exit_code(self) -> int:
        """0 every move succeeded · 1 at least one did not · 3 at least one is in doubt or still running."""
        outcomes = {move.outcome for move in self.moves}
        if outcomes & {Outcome.IN_DOUBT, Outcome.STILL_RUNNING}:
            return 3
        return 0 if outcomes <= {Outcome.SUCCEEDED} else 1


def report_of(row: Row, ending: Ending, tally: Tally, seconds: float) -> MoveReport:
    """The report of a move, before anything followed from its success."""
    job = ending.job
    return MoveReport(
        name=row.name,
        key=row.key,
        outcome=ending.outcome,
        reason=ending.reason,
        job_ids=(row.job_id,) if row.job_id else (),
        candidates=ending.candidates,
        total_leads=job.count("total_leads") if job else None,
        moved_leads=job.count("moved_leads") if job else None,
        left_out=_left_out(job),
        requests=tally.as_dict(),
        seconds=round(seconds, 3),
        adopted=row.adopted,
    )


def report_of_row(row: Row) -> MoveReport:
    """What the ledger knows of a move, whether or not it is over."""
    if row.report:
        return MoveReport.model_validate(row.report)
    return MoveReport(
        name=row.name,
        key=row.key,
        outcome=row.outcome or Outcome.STILL_RUNNING,
        reason=row.reason or f"not finished: {row.state}",
        job_ids=(row.job_id,) if row.job_id else (),
        candidates=row.candidates,
        adopted=row.adopted,
    )


def _left_out(job: Job | None) -> dict[str, int | None]:
    return {name: job.count(name) if job else None for name in LEFT_OUT}
