"""Everything that a run needs, opened and closed together: client, budget, ledger, submitter, watch, lease."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
from pydantic import SecretStr
from sqlalchemy import make_url

from leadmoves.api import Instantly
from leadmoves.api.pace import SharedPace, pace_alone, pace_by_database, pace_by_file
from leadmoves.api.tally import Tally, counting
from leadmoves.clock import Clock, SystemClock
from leadmoves.decisions import Counted, Listener, nobody
from leadmoves.errors import ApiError, LedgerError
from leadmoves.jobs import DATA_FIELDS, Job, Outcome
from leadmoves.ledger import Ledger, Row, State
from leadmoves.outcome.endings import Ending, ending_of_row, ending_of_wait
from leadmoves.preview import held_back
from leadmoves.settings import Settings
from leadmoves.submit import Submitter
from leadmoves.watch import Watch


@dataclass(frozen=True)
class Workspace:
    """One Instantly workspace, as one process sees it."""

    settings: Settings
    clock: Clock
    api: Instantly
    ledger: Ledger
    submitter: Submitter
    watch: Watch
    decisions: Counted

    async def submit(self, row: Row, tally: Tally, deadline: float, at_most: int | None = None) -> Row:
        """Bring a row to a job, at most one a key.

        Args:
            row: as the ledger has it.
            tally: where its requests are counted.
            deadline: monotonic seconds after which we stop trying to send.
            at_most: a move that would take more leads is held back; counted before it is sent.

        """
        with counting(tally, "other"):
            if why := await self._held_back(row, at_most):
                return await self.ledger.end(row.key, Outcome.NOT_SENT, why, {})
            return await self.submitter.submit(row, deadline)

    async def _held_back(self, row: Row, at_most: int | None) -> str | None:
        """Why this move must not be sent, where it is ours to send and nothing left yet."""
        if at_most is None or (mine := await self.ledger.take(row.key)) is None:
            return None
        if mine.state is not State.INTENDED or mine.unsettled:
            return None
        try:
            return await held_back(self.api, row.body, at_most)
        except ApiError as error:
            return f"could not be counted, so nothing was sent: {error}"

    async def ending(self, row: Row, tally: Tally, deadline: float, at_least: int | None = None) -> Ending:
        """Wait for the job of a submitted row; known at once where there is none."""
        known = ending_of_row(row)
        if known or row.job_id is None:
            return known or _unknown(row)
        started = self.clock.monotonic() - max(self.clock.now() - (row.sent_at or self.clock.now()), 0.0)
        seen = await self.watch.follow(row.job_id, started=started, deadline=deadline, tally=tally)
        ending = ending_of_wait(seen, row.job_id, at_least)
        if ending.job and ending.job.ended and _silent(ending.job):
            return ending_of_wait(type(seen)(seen.wait, await self._whole(ending.job, tally)), row.job_id, at_least)
        return ending

    async def _whole(self, job: Job, tally: Tally) -> Job:
        """The job asked for by id, because its row did not say enough."""
        fields = () if job.status == "failed" else DATA_FIELDS
        with counting(tally, "other"), suppress(ApiError):
            return (await self.api.get_job(job.id, fields)).without_addresses()
        return job


def _unknown(row: Row) -> Ending:
    """A row that nobody brought to an end: what may have left is in doubt."""
    if row.state is State.INTENDED:
        return Ending(outcome=Outcome.NOT_SENT, reason="nothing was sent")
    return Ending(outcome=Outcome.IN_DOUBT, reason=row.reason or "sent, and nobody knows yet what became of it")


def _silent(job: Job) -> bool:
    """Ended without the counters, or without the reason, that a report needs."""
    said = job.error if job.status == "failed" else job.count("moved_leads") or job.count("success_count")
    return job.status != "cancelled" and said is None


@asynccontextmanager
async def open_workspace(  # noqa: PLR0913 - all by name
    settings: Settings,
    key: SecretStr,
    *,
    listener: Listener = nobody,
    noticed: Callable[[Job], None] = lambda _: None,
    warn: Callable[[str], None] = lambda _: None,
    clock: Clock | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> AsyncIterator[Workspace]:
    """Open a workspace for the length of a run.

    Raises:
        LedgerError: the ledger cannot be used; nothing was sent.

    """
    clock = clock or SystemClock()
    ledger = await Ledger.open(settings.ledger_url, clock, settings.lease)
    pace = _pace(settings, clock, settings.workspace(key))
    api = Instantly(key, settings.url, pace=pace, clock=clock, timeout=settings.timeout, transport=transport)
    decisions = Counted(listener)
    submitter = Submitter(api, ledger, clock, settle=settings.settle, timeout=settings.timeout, listener=decisions)
    budget = min(settings.per_second, settings.per_minute / 60)
    watch = Watch(api, clock, budget=budget, tolerance=settings.settle, noticed=noticed, warn=warn)
    renewing = asyncio.create_task(_renew(ledger, clock, warn))
    try:
        yield Workspace(settings, clock, api, ledger, submitter, watch, decisions)
    finally:
        renewing.cancel()
        with suppress(asyncio.CancelledError):
            await renewing
        with suppress(LedgerError):
            await ledger.let_go()
        await ledger.close()
        await api.aclose()
        pace.close()


def _pace(settings: Settings, clock: Clock, workspace: str) -> SharedPace:
    """One ledger, one budget: in its database, in a file beside it, or, where it is in memory, our own."""
    url, limits = make_url(settings.ledger_url), (settings.per_second, settings.per_minute)
    if url.get_backend_name() == "postgresql":
        return pace_by_database(settings.ledger_url, workspace, *limits, clock)
    if url.database in {None, "", ":memory:"}:
        return pace_alone(*limits, clock)
    return pace_by_file(Path(str(url.database)).parent / f"pace-{workspace}.sqlite", *limits, clock)


async def _renew(ledger: Ledger, clock: Clock, warn: Callable[[str], None]) -> None:
    """Say that we live, every quarter of the lease: three renewals may fail before anybody takes over."""
    while True:
        await clock.sleep(ledger.lease / 4)
        try:
            await ledger.renew()
        except LedgerError as error:
            warn(str(error))
