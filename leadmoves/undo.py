"""The way back: a plan that moves the leads of a finished move to where they came from.

Only what the job says it moved goes back, by address, a thousand a request. A lead that was at the destination
under the same address before cannot be told apart from one that the move brought.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from leadmoves.api import Instantly
from leadmoves.errors import InvalidInput, Problem
from leadmoves.ledger import Row
from leadmoves.plan import Plan, check_plan
from leadmoves.plan.entry import LONGEST_NAME
from leadmoves.plan.files import CONTACTS_A_REQUEST

# The job keeps so many addresses of what it moved; beyond that nobody knows who moved.
KNOWN = 10_000
# Where a lead came from, and the field that sends it back there.
BACK = {"list_id": "to_list_id", "campaign": "to_campaign_id"}


async def way_back(api: Instantly, row: Row) -> Plan:
    """The plan that undoes a move.

    Raises:
        InvalidInput: nothing moved, the move copied, or more leads moved than the job names.
        ApiError: the job could not be read.

    """
    if row.job_id is None:
        raise _refused(row, "no job moved anything")
    if row.body.get("copy_leads"):
        raise _refused(row, "it copied leads; delete the copies in Instantly")
    job = await api.get_job(row.job_id, ("moved_leads", "moved_lead_emails"))
    emails = job.data.get("moved_lead_emails")
    if not job.ended or not isinstance(emails, list) or not emails:
        raise _refused(row, "its job has not moved anything")
    if (job.count("moved_leads") or 0) > len(emails):
        raise _refused(row, f"it moved more than the {KNOWN:,} leads whose addresses the job keeps")
    parts = _parts(emails)
    return check_plan({"moves": [_back(row, _name(row, n, len(parts)), part) for n, part in enumerate(parts, 1)]})


def _name(row: Row, number: int, parts: int) -> str:
    which = f" [{number}/{parts}]" if parts > 1 else ""
    return f"undo {row.name[: LONGEST_NAME - 16]}{which}"


def _back(row: Row, name: str, emails: Sequence[str]) -> Mapping[str, Any]:
    """One request of the way back: destination to source."""
    came_from = {BACK[field]: row.body[field] for field in BACK if field in row.body}
    lies_in = {field: row.body[to] for field, to in BACK.items() if to in row.body}
    options = {name: row.options[name] for name in ("notify", "deadline") if name in row.options}
    request = {**lies_in, **came_from, "contacts": list(emails)}
    return {"name": name, "request": request, **options}


def _parts(emails: Sequence[str]) -> list[Sequence[str]]:
    return [emails[start : start + CONTACTS_A_REQUEST] for start in range(0, len(emails), CONTACTS_A_REQUEST)]


def _refused(row: Row, why: str) -> InvalidInput:
    return InvalidInput(Problem("key", f"move {row.key} ({row.name}) cannot be undone: {why}"))
