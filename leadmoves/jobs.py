"""A background job as the API shows it, and the names of how a move can end.

Parsed open: the vendor adds statuses, types and keys about monthly, and none of them may stop a watch.
"""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

# The vendor's own description of each status; «ended» is our word (facts: success, failed, cancelled).
ENDED = frozenset({"success", "failed", "cancelled"})
KNOWN = ENDED | {"pending", "in-progress", "draining", "paused"}
# What to ask of `data` when only the counters matter: the full row carries up to 10,000 addresses.
COUNTERS = (
    "total_leads",
    "moved_leads",
    "duplicated_leads",
    "leads_in_other_campaigns",
    "ignored_leads_from_blocklist",
    "leads_missing_email",
)
# What an ended warmup says.
WARMED = ("success_count", "failed_count", "total_to_process", "processed_emails")
# Where a failed job might say why; never seen, so all of them are tried.
ERRORS = ("error", "message", "error_message")
DATA_FIELDS = (*COUNTERS, *WARMED, *ERRORS)

JobType = Literal["move-leads", "update-warmup-accounts"]


class Job(BaseModel):
    """One background job. Unknown statuses, types and keys survive.

    Attributes:
        id: 24 hex digits.
        progress: 0-100, as the API says; may stand still or lie.
        entity_id: the source list or campaign of a move, the workspace of a warmup.
        data: `filters` echoes the request; counters come at the end.

    """

    model_config = ConfigDict(frozen=True, extra="allow")

    id: str = Field(min_length=1)
    type: str = "unknown"
    status: str = "unknown"
    progress: float = 0.0
    entity_id: str | None = None
    entity_type: str | None = None
    data: Mapping[str, Any] = Field(default_factory=dict)
    created_at: datetime | None = None
    updated_at: datetime | None = None

    @field_validator("progress")
    @classmethod
    def _refuse_no_number(cls, progress: float) -> float:
        if not math.isfinite(progress):  # NaN differs from itself: the job would never stand still
            raise ValueError("is no number")
        return progress

    @field_validator("created_at", "updated_at")
    @classmethod
    def _in_utc(cls, time: datetime | None) -> datetime | None:
        return time.replace(tzinfo=time.tzinfo or UTC) if time else None

    @property
    def tells_progress(self) -> bool:
        """Whether the API said how far it is; a default says nothing."""
        return "progress" in self.model_fields_set

    @property
    def ended(self) -> bool:
        return self.status in ENDED

    @property
    def filters(self) -> Mapping[str, Any]:
        """The request that made this job, as the API echoes it."""
        said = self.data.get("filters")
        return said if isinstance(said, Mapping) else {}

    @property
    def error(self) -> str | None:
        """What a failed job says of itself, wherever it says it."""
        return next((str(self.data[k]) for k in ERRORS if self.data.get(k)), None)

    def without_addresses(self) -> "Job":
        """The job without the addresses that it moved: nobody keeps 10,000 of them in memory."""
        if "moved_lead_emails" not in self.data:
            return self
        return self.model_copy(update={"data": {k: v for k, v in self.data.items() if k != "moved_lead_emails"}})

    def count(self, name: str) -> int | None:
        """A counter of `data`, None where the API gives none."""
        value = self.data.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            return None
        return int(value)


def parse_job(document: object) -> Job | None:
    """A job, or None where the document has no readable id: everything else may be odd."""
    if not isinstance(document, Mapping) or not isinstance(document.get("id"), str):
        return None
    try:
        return Job.model_validate(document)
    except ValidationError as error:
        odd = {str(e["loc"][0]) for e in error.errors() if e["loc"]}
        if "id" in odd:
            return None
        return Job.model_validate({k: v for k, v in document.items() if k not in odd})


class Outcome(StrEnum):
    """How a move ended, for a flow to branch on with `match`."""

    SUCCEEDED = "succeeded"
    NOTHING_MOVED = "nothing-moved"  # the job succeeded and moved 0
    SHORT = "short"  # moved fewer than `expect.at_least`
    FAILED = "failed"
    CANCELLED = "cancelled"
    STALLED = "stalled"  # no change of progress or updated_at for a set time
    STILL_RUNNING = "still-running"  # we stopped waiting; the job goes on
    IN_DOUBT = "in-doubt"  # we cannot know whether it was accepted
    REFUSED = "refused"  # the API said no; nothing moved
    NOT_SENT = "not-sent"  # never reached the API, or a guard held it back

    @property
    def state_name(self) -> str:
        """The name of the Prefect state, e.g. ``InDoubt``."""
        return "".join(word.capitalize() for word in self.split("-"))

    @property
    def open(self) -> bool:
        """Whether the job may still go on, or a person has to decide: `resume` looks at it again."""
        return self in {Outcome.STALLED, Outcome.STILL_RUNNING, Outcome.IN_DOUBT}
