"""Did the leads arrive? A sample of those that the job says it moved is read back, each by its id."""

from collections.abc import Mapping, Sequence
from typing import Any

from leadmoves.api import Instantly
from leadmoves.clock import Clock
from leadmoves.errors import ApiError
from leadmoves.outcome.report import Verified

SAMPLE = 5  # leads; enough to catch a wrong destination, which hits all of them
# Reads right after «success» may lag (not documented): asked again after so many seconds each.
AGAIN = (0.5, 1.0, 2.0)


async def verify(api: Instantly, clock: Clock, job_id: str, body: Mapping[str, Any]) -> Verified | None:
    """Read a sample back; None where the leads may not be read.

    A copy has new ids, and an address may exist in several places: so the leads are looked up by address at
    the destination, then each is read by its id.
    """
    try:
        job = await api.get_job(job_id, ("moved_lead_emails",))
        emails = job.data.get("moved_lead_emails")
        if not isinstance(emails, list) or not emails:
            return Verified()
        different = list(dict.fromkeys(str(email).lower() for email in emails))  # an address can be several leads
        sample = different[:: max(len(different) // SAMPLE, 1)][:SAMPLE]
        there = await _arrived(api, clock, sample, body)
    except ApiError:
        return None
    return Verified(checked=len(sample), wrong=len(sample) - there)


async def _arrived(api: Instantly, clock: Clock, emails: Sequence[str], body: Mapping[str, Any]) -> int:
    """How many of these addresses are leads of the destination, now or after a moment."""
    there = await _count(api, emails, body)
    for pause in AGAIN:
        if there == len(emails):
            break
        await clock.sleep(pause)
        there = await _count(api, emails, body)
    return there


async def _count(api: Instantly, emails: Sequence[str], body: Mapping[str, Any]) -> int:
    field, destination = _destination(body)
    page = await api.list_leads({field: destination, "contacts": list(emails), "limit": 100})
    found = {str(lead.get("email")).lower(): str(lead.get("id")) for lead in page.items}
    leads = [await api.get_lead(found[email]) for email in emails if email in found]
    return sum(str(lead.get(field)).lower() == destination.lower() for lead in leads)


def _destination(body: Mapping[str, Any]) -> tuple[str, str]:
    """The lead's field that should name the destination, and its id."""
    if "to_campaign_id" in body:
        return "campaign", str(body["to_campaign_id"])
    return "list_id", str(body["to_list_id"])
