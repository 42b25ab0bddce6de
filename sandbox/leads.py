"""One lead as the workspace keeps it, and as the API shows it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

IN_VERIFICATION = (11, 12)  # "Pending" and "Pending Verification Job"


@dataclass(slots=True)
class Lead:
    """A compact record: a workspace of 100,000 must be made in seconds."""

    id: str
    email: str | None
    first_name: str
    last_name: str
    company: str
    created: float
    updated: float
    campaign: str | None = None
    list_id: str | None = None
    status: int = 0  # 0 in lists, though the vendor's enum starts at 1 (recorded)
    esp_code: int = 1
    esg_code: int | None = None
    interest: int | None = None
    verification: int = 1
    enrichment: int = 1
    opens: int = 0
    replies: int = 0
    clicks: int = 0
    contacted: float | None = None
    opened: float | None = None
    replied: float | None = None
    clicked: float | None = None
    interest_changed: float | None = None
    subsequence: str | None = None
    assigned_to: str | None = None
    sought_by: str = field(init=False)  # kept, since a search may look at all of them

    def __post_init__(self) -> None:
        self.sought_by = f"{self.first_name} {self.last_name} {self.email}".lower()

    @property
    def place(self) -> str:
        """Where it is: a campaign or a list, never both."""
        return self.campaign or self.list_id or ""

    @property
    def domain(self) -> str:
        return f"{self.company.lower()}.example"


def iso(when: float) -> str:
    """A time as the API writes it, e.g. 2026-08-13T11:12:14.408Z."""
    moment = datetime.fromtimestamp(when, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def lead_json(lead: Lead, organization: str, skew: float = 0.0) -> dict[str, Any]:
    """A lead as GET /leads/{id} shows it: null fields are missing (recorded)."""
    shown = {
        "id": lead.id,
        "timestamp_created": iso(lead.created + skew),
        "timestamp_updated": iso(lead.updated + skew),
        "organization": organization,
        "campaign": lead.campaign,
        "list_id": lead.list_id,
        "status": lead.status,
        "email": lead.email,
        "first_name": lead.first_name,
        "last_name": lead.last_name,
        "company_name": lead.company,
        "company_domain": lead.domain,
        "website": f"https://{lead.domain}",
        "payload": {"firstName": lead.first_name, "companyName": lead.company},
        "esp_code": lead.esp_code,
        "esg_code": lead.esg_code,
        "lt_interest_status": lead.interest,
        "verification_status": lead.verification,
        "enrichment_status": lead.enrichment,
        "subsequence_id": lead.subsequence,
        "assigned_to": lead.assigned_to,
        "upload_method": "api",
        **_activity(lead, skew),
    }
    return {name: value for name, value in shown.items() if value is not None}


def _activity(lead: Lead, skew: float) -> dict[str, Any]:
    times = {
        "timestamp_last_contact": lead.contacted,
        "timestamp_last_open": lead.opened,
        "timestamp_last_reply": lead.replied,
        "timestamp_last_click": lead.clicked,
        "timestamp_last_interest_change": lead.interest_changed,
    }
    return {
        "email_open_count": lead.opens,
        "email_reply_count": lead.replies,
        "email_click_count": lead.clicks,
        "status_summary": {},
        **{name: iso(when + skew) for name, when in times.items() if when is not None},
    }
