"""What a person sees of a run: live bars on a terminal, plain lines elsewhere, a table at the end."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from leadmoves.decisions import Decided, Decision
from leadmoves.jobs import Job, Outcome
from leadmoves.outcome.report import MoveReport, Report, WarmupReport
from leadmoves.outcome.telling import advice, counted

BARS = 10  # moves that get a bar each; a bigger plan has one for all
NOTES = 50  # lines below the table; all of them are in --json and in the ledger
EVERY = 5.0  # seconds between plain lines about one job
SAID = {
    Decided.ACCEPTED: "sent",
    Decided.ADOPTED: "its answer was lost; found it in the job list",
    Decided.AMBIGUOUS: "sent, but the answer was lost: looking for it in the job list",
    Decided.ABSENT: "the API never took it",
    Decided.BUSY: "another job holds its list or campaign: waiting",
    Decided.THROTTLED: "the API asks for a pause",
    Decided.NOT_SENT: "the API cannot be reached: trying again",
    Decided.RESUMED: "taken up from an earlier run",
}


class Screen:
    """Tells a run as it goes, on stderr, so that stdout is the result's alone."""

    links = True
    tells = True

    def __init__(self) -> None:
        self.console = Console(stderr=True, highlight=False)
        self.reports: dict[str, MoveReport] = {}
        self.running: dict[str, tuple[str, str]] = {}  # job id: key, name
        self._progress = self._bars()
        self._bar: dict[str, TaskID] = {}
        self._moves = 0
        self._lines: dict[str, tuple[float, float]] = {}

    @contextmanager
    def live(self) -> Iterator[None]:
        """Draw bars while the run goes, where there is a terminal."""
        if not self.console.is_terminal:
            yield
            return
        with self._progress:
            yield

    def say(self, text: str) -> None:
        self.console.print(text, markup=False, soft_wrap=True)

    # What the run tells (see tasks.audience.Audience).

    def planned(self, moves: int) -> None:
        self._moves = moves

    def decided(self, decision: Decision) -> None:
        if decision.decided in {Decided.ACCEPTED, Decided.ADOPTED}:
            self.running[str(decision.details["job"])] = (decision.key, decision.name)
        if (said := SAID.get(decision.decided)) and (
            self._moves <= BARS or decision.decided is not Decided.ACCEPTED
        ):
            job = f", job {decision.details['job']}" if "job" in decision.details else ""
            self.say(f"{decision.name}: {said}{job}")

    def noticed(self, job: Job) -> None:
        if job.id not in self.running:
            return
        _, name = self.running[job.id]
        moved, total = job.count("moved_leads"), job.count("total_leads")
        count = f"{moved or 0:,}/{total:,}" if total is not None else f"{job.progress:.0f} %"
        if self.console.is_terminal:
            self._progress.update(self._bar_of(job.id, name), completed=job.progress, count=f"{job.status} {count}")
        else:
            self._line(job, name, count)

    def warned(self, text: str) -> None:
        self.say(f"! {text}")

    def told(self, report: MoveReport) -> None:
        self.reports[report.key] = report
        for job_id in report.job_ids:
            self.running.pop(job_id, None)
            if job_id in self._bar:
                self._progress.update(self._bar[job_id], completed=100, count=counted(report))
        if self._moves > BARS and self.console.is_terminal:
            name = f"{len(self.reports):,} of {self._moves:,} moves"
            done = 100 * len(self.reports) / self._moves
            self._progress.update(self._bar_of("all", "all"), completed=done, description=name)
        elif not self.console.is_terminal:
            self.say(f"{report.name}: {sentence(report)}")

    def _bar_of(self, job_id: str, name: str) -> TaskID:
        if job_id != "all" and self._moves > BARS:
            job_id = name = "all"
        if job_id not in self._bar:
            self._bar[job_id] = self._progress.add_task(name, total=100, count="")
        return self._bar[job_id]

    def _line(self, job: Job, name: str, count: str) -> None:
        """A plain line when something changed, and not too often."""
        then, progress = self._lines.get(job.id, (0.0, -1.0))
        now = time.monotonic()
        if job.progress != progress and now - then >= EVERY and self._moves <= BARS and not job.ended:
            self._lines[job.id] = (now, job.progress)
            self.say(f"{name}: {job.status}, {count}")

    def _bars(self) -> Progress:
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[count]}"),
            TimeElapsedColumn(),
        )
        return Progress(*columns, console=self.console)


def sentence(report: MoveReport) -> str:
    """E.g. «succeeded, 488 of 500 leads, 12 left out (12 duplicates)»."""
    said = report.outcome if report.moved_leads is None else f"{report.outcome}, {counted(report)}"
    return f"{said}: {report.reason}" if report.reason else said


def table(report: Report) -> Table:
    """What happened, a line a move."""
    grid = Table(title=f"occasion {report.occasion}")
    grid.add_column("move", overflow="fold")
    for name in ("outcome", "leads", "left out", "verified", "warm", "told"):
        grid.add_column(name, no_wrap=True)
    for move in report.moves:
        colour = "green" if move.good else "yellow" if move.outcome is Outcome.SUCCEEDED else "red"
        leads = "" if move.moved_leads is None else f"{move.moved_leads:,} of {move.total_leads or 0:,}"
        left_out = sum(count or 0 for count in move.left_out.values())
        verified = (
            f"{move.verified.checked - move.verified.wrong} of {move.verified.checked}" if move.verified else ""
        )
        warm = f"{move.warmup.warmed} of {_asked(move.warmup)}" if move.warmup else ""
        grid.add_row(
            move.name,
            f"[{colour}]{move.outcome}[/]",
            leads,
            f"{left_out:,}" if left_out else "",
            verified,
            warm,
            str(len(move.notified) or ""),
        )
    return grid


def notes(report: Report, *, advise: bool) -> list[str]:
    """What does not fit into a table: reasons, what was left out, cold accounts, what to do next."""
    said = []
    for move in report.moves:
        why = [move.reason or "", f"moved {counted(move)}" if any(move.left_out.values()) else ""]
        why += [f"not warm: {who} ({reason})" for who, reason in (move.warmup.why if move.warmup else {}).items()]
        why += [f"told {name}" for name in move.notified]
        why.append(advice(move.outcome, move.key) if advise else "")
        said += [f"{move.name}: {one}" for one in why if one]
    return said


def _asked(warmup: WarmupReport) -> int:
    return warmup.warmed + len(warmup.not_warmed)


def print_report(report: Report, *, as_json: bool, advise: bool = True) -> None:
    """The result, on stdout; `advise` where something was tried, so that there is something to do next."""
    if as_json:
        sys.stdout.write(report.model_dump_json(indent=2) + "\n")
        sys.stdout.flush()
    else:
        console = Console(highlight=False)
        console.print(table(report))
        for note in notes(report, advise=advise)[:NOTES]:
            console.print(f"  {note}", markup=False, soft_wrap=True)
