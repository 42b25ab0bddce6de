"""The course of one move, as far as one process takes it: its clock, its tally, its report.

submit ─► ending ─► what follows ─► conclude

What follows an outcome is the caller's to decide; this keeps what every step needs.
"""

from leadmoves.api.tally import Tally, counting
from leadmoves.begin import move_of
from leadmoves.ledger import Row, State
from leadmoves.outcome.endings import Ending
from leadmoves.outcome.report import MoveReport, Verified, WarmupReport, report_of
from leadmoves.verify import verify
from leadmoves.warmup.warming import warm_up
from leadmoves.workspace import Workspace


class Course:
    """One move on its way.

    Attributes:
        row: as the ledger has it now.
        tally: the requests that it cost this process.
        verified: whether a sample of its leads is to be read back.

    """

    def __init__(self, desk: Workspace, row: Row, *, verified: bool = True) -> None:
        self.desk = desk
        self.row = row
        self.move = move_of(row)
        self.tally = Tally()
        self.verified = verified
        self.start()

    def start(self) -> None:
        """The time for its deadline and its report begins now."""
        self._begun = self.desk.clock.monotonic()

    @property
    def deadline(self) -> float:
        """Monotonic seconds."""
        return self._begun + self.move.deadline.total_seconds()

    @property
    def finished(self) -> MoveReport | None:
        """The report that the ledger holds of a move that is over."""
        if self.row.state is State.ENDED and self.row.report:
            return MoveReport.model_validate(self.row.report)
        return None

    async def submit(self) -> None:
        """Bring it to a job, at most one a key."""
        at_most = self.move.expect.at_most if self.move.expect else None
        self.row = await self.desk.submit(self.row, self.tally, self.deadline, at_most)

    async def ending(self) -> Ending:
        """Wait for the end of its job, or of waiting."""
        at_least = self.move.expect.at_least if self.move.expect else None
        return await self.desk.ending(self.row, self.tally, self.deadline, at_least)

    async def verify(self) -> Verified | None:
        """Read a sample of its leads back; None where nobody asked for it, or leads may not be read."""
        if not self.verified:
            return None
        with counting(self.tally, "other"):
            return await verify(self.desk.api, self.desk.clock, self.row.job_id or "", self.row.body)

    async def warm_up(self) -> WarmupReport | None:
        """Enable the warmup that its success asks for, if any."""
        if not self.move.on_success:
            return None
        return await warm_up(
            self.desk,
            self.move.on_success.enable_warmup,
            occasion=self.row.occasion,
            tally=self.tally,
            deadline=self.deadline,
            parent=self.row.key,
        )

    def report(self, ending: Ending) -> MoveReport:
        return report_of(self.row, ending, self.tally, self.desk.clock.monotonic() - self._begun)

    async def conclude(self, report: MoveReport) -> MoveReport:
        """Write the outcome down, and give its source and destination free."""
        cost = {"requests": self.tally.as_dict(), "decisions": self.desk.decisions.pop(self.row.key)}
        report = report.model_copy(update=cost)
        await self.desk.ledger.end(self.row.key, report.outcome, report.reason, report.model_dump(mode="json"))
        return report
