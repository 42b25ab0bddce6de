"""The candidates of a move in doubt as a person compares them: when each began, how it ended, what it moved."""

import asyncio
from collections.abc import Iterator

from leadmoves.errors import ApiError, LeadMoveError
from leadmoves.jobs import DATA_FIELDS, Job
from leadmoves.ledger import Row
from leadmoves.settings import read_settings
from leadmoves.workspace import open_workspace


def candidate_lines(row: Row) -> Iterator[str]:
    """A line a candidate, asked of the API; the ids alone, with the reason, where it cannot be asked."""
    if not row.candidates:
        return
    try:
        yield from asyncio.run(_asked(row.candidates))
    except LeadMoveError as error:
        yield from row.candidates
        yield f"what they moved is not known: {error}"


async def _asked(candidates: tuple[str, ...]) -> list[str]:
    settings = read_settings()
    async with open_workspace(settings, settings.required_key()) as desk:
        lines = []
        for job_id in candidates:
            try:
                lines.append(_line(await desk.api.get_job(job_id, DATA_FIELDS)))
            except ApiError as error:
                lines.append(f"{job_id}: cannot be read: {error}")
        return lines


def _line(job: Job) -> str:
    began = f", began {job.created_at:%Y-%m-%d %H:%M:%S} UTC" if job.created_at else ""
    moved, total = job.count("moved_leads"), job.count("total_leads")
    leads = "not said yet" if moved is None else f"{moved:,} of {total or 0:,} leads"
    return f"{job.id}: {job.status}{began}, moved {leads}"
