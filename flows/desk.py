"""The workspace as a flow opens it: who hears how it goes, one submit task and one wait task for all its moves."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from prefect import get_run_logger
from prefect.runtime import flow_run

from leadmoves.course import Course
from leadmoves.decisions import ROUTINE, Decision
from leadmoves.jobs import Job
from leadmoves.ledger import Row
from leadmoves.outcome.report import MoveReport
from leadmoves.outcome.telling import message, subject
from leadmoves.submit.batch import Batch
from leadmoves.workspace import Workspace, open_workspace
from tasks.audience import Audience, ProgressArtifact, audience, emit, emit_decision
from tasks.credentials import find_credentials
from tasks.submit import submit_moves
from tasks.wait import wait_for_jobs

# A run of more moves logs what is routine for debugging only: the table at its end has a line a move.
MANY = 50


class Desk:
    """What a flow works with: the open workspace, and everybody who hears how it goes."""

    def __init__(self, moves: int) -> None:
        self.workspace: Workspace
        self.artifact = ProgressArtifact(moves, key=f"progress-{flow_run.id}" if flow_run.id else "progress")
        self.rows: list[Row] = []  # of the moves that are over
        self.batch = Batch()
        self._somebody: Audience = audience.get()
        self._routine = logging.DEBUG if moves > MANY else logging.INFO
        self._log = get_run_logger()

    def decided(self, decision: Decision) -> None:
        level = self._routine if decision.decided in ROUTINE else logging.INFO
        if self._log.isEnabledFor(level):
            said = " ".join(f"{name}={value}" for name, value in decision.details.items())
            self._log.log(level, "%s: %s %s", decision.name, decision.decided, said)
        emit_decision(decision)
        self._somebody.decided(decision)

    async def submit(self, course: Course) -> None:
        """Bring a move to a job, inside of the run's one submit task."""
        await self.batch.carry_out(course.submit)

    def noticed(self, job: Job) -> None:
        self.artifact.noticed(job)
        self._somebody.noticed(job)

    def warned(self, text: str) -> None:
        self._log.warning(text)
        self._somebody.warned(text)

    def told(self, report: MoveReport, row: Row) -> None:
        """A move is over. Its event carries the words for people, so that an automation can pass them on."""
        words = {"subject": subject(report), "text": message(report, row, run_link())}
        emit(report.outcome, report.key, report.name, report.model_dump(mode="json") | words)
        self.rows.append(row)
        self.artifact.told(report)
        self._somebody.told(report)


def run_link() -> str | None:
    """Where the UI shows this flow run; None where there is no UI."""
    return flow_run.ui_url if audience.get().links else None


@asynccontextmanager
async def open_desk(credentials: str | None, moves: int) -> AsyncIterator[Desk]:
    """Open the workspace for a flow run, with one submit task and one wait task for all its moves.

    Raises:
        InvalidInput: no key, no such block.
        LedgerError: the ledger cannot be used; nothing was sent.

    """
    settings, key = await find_credentials(credentials)
    desk = Desk(moves)
    audience.get().planned(moves)
    async with open_workspace(
        settings, key, listener=desk.decided, noticed=desk.noticed, warn=desk.warned
    ) as desk.workspace:
        tasks = (submit_moves(desk.batch), wait_for_jobs(desk.workspace))
        at_work = list(map(asyncio.create_task, tasks))
        showing = asyncio.create_task(desk.artifact.keep_fresh())
        try:
            yield desk
        finally:
            desk.batch.close()
            desk.workspace.watch.close()
            showing.cancel()
            await asyncio.gather(*at_work, showing, return_exceptions=True)
            await desk.artifact.refresh()
