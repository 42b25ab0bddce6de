"""POST /leads/move: accepted and locked at once, selected when the job begins, applied at its end.

total = moved + duplicated + in other campaigns + block-listed + without an e-mail (campaigns only)

Guesses, since nothing is documented: a limit caps the selection, before the counters; leads left out stay at the
source; of two sources or two destinations the campaign counts; no destination is a 400; a failed job moves nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from sandbox.checks import MOVE_FIELDS, Refusal, check, not_found
from sandbox.jobs import PENDING_SECONDS, Job, Life, Script
from sandbox.leads import IN_VERIFICATION, Lead
from sandbox.selection import select

if TYPE_CHECKING:
    from sandbox.app import Sandbox
    from sandbox.workspace import Place, Workspace

EMAILS_SHOWN = 10_000  # moved_lead_emails holds the first so many (documented)
# A guess, near the recorded 0.23-0.50 s of moves of 0 to 10 leads; nobody published a figure for large ones
SECONDS_A_JOB, SECONDS_A_LEAD = 0.25, 0.001
LOCKED = (
    "There is a move-leads job in progress. You cannot add or remove leads from this campaign "
    "until the process is complete."
)
NO_SOURCE = "A source campaign or list is required for bulk move operations"
NO_DESTINATION = "A destination campaign or list is required for bulk move operations"


def default_seconds(leads: int) -> float:
    return SECONDS_A_JOB + SECONDS_A_LEAD * leads


@dataclass(slots=True)
class Sorted:
    """The selection, told apart by why a lead stays."""

    moving: list[Lead] = field(default_factory=list)
    counts: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(
            ("duplicated_leads", "leads_in_other_campaigns", "ignored_leads_from_blocklist", "leads_missing_email"),
            0,
        )
    )


def submit_move(sandbox: "Sandbox", body: dict[str, Any], script: Script) -> Job:
    """The job that a move becomes, or the API's refusal."""
    check(body, MOVE_FIELDS)
    now = sandbox.now()
    source = _place(sandbox.workspace, body, "campaign", "list_id", NO_SOURCE)
    destination = _place(sandbox.workspace, body, "to_campaign_id", "to_list_id", NO_DESTINATION)
    if sandbox.locked(source.id) or sandbox.locked(destination.id):
        raise Refusal(409, LOCKED)
    job = sandbox.jobs.add(
        Job(
            id=sandbox.jobs.new_id(now),
            type="move-leads",
            entity_type=source.kind,
            entity_id=source.id,  # the source, in all recorded jobs
            life=Life(
                now, now + PENDING_SECONDS, script=script, progress=script.progress or sandbox.settings.progress
            ),
            filters=body,
            data={"filters": body},
        )
    )
    move = _Move(sandbox, job, source, destination)
    sandbox.lock(job, source.id, destination.id)
    sandbox.jobs.plan(job.life.begun, move.begin)
    return job


def _place(workspace: "Workspace", body: Mapping[str, Any], campaign: str, list_id: str, missing: str) -> "Place":
    kind, place_id = ("campaign", body.get(campaign)) if body.get(campaign) else ("list", body.get(list_id))
    if not place_id:
        raise Refusal(400, missing)
    place = workspace.places.get(place_id)
    if place is None or place.kind != kind:
        raise not_found()
    return place


class _Move:
    """One move on its way: what it selected, until it is applied."""

    def __init__(self, sandbox: "Sandbox", job: Job, source: "Place", destination: "Place") -> None:
        self.sandbox, self.job = sandbox, job
        self.source, self.destination = source, destination
        self.selected: list[Lead] = []

    @property
    def body(self) -> dict[str, Any]:
        return self.job.filters

    def begin(self, when: float) -> None:
        """Select, and know from their number how long it takes."""
        body = {key: value for key, value in self.body.items() if key not in ("campaign", "list_id")}
        body["campaign" if self.source.kind == "campaign" else "list_id"] = self.source.id
        found = select(self.sandbox.workspace, body, when)
        if self.body.get("skip_leads_in_verification"):
            found = (lead for lead in found if lead.verification not in IN_VERIFICATION)
        limit = int(self.body.get("limit", 0))
        self.selected = list(islice(found, limit) if limit > 0 else found)
        script = self.job.life.script
        seconds = self.sandbox.seconds_for(len(self.selected)) if script.duration is None else script.duration
        self.job.life = replace(self.job.life, work=max(0.0, seconds - PENDING_SECONDS))
        self.sandbox.jobs.plan(self.job.life.ended, self.end)

    def end(self, when: float) -> None:
        script = self.job.life.script
        if script.outcome == "moves-nothing":
            self.selected = []
        elif script.ends_as != "success":
            self.selected = self.selected[: int(len(self.selected) * script.share)]
        sort = self._sort()
        for lead in sort.moving:
            self._apply(lead, when)
        self.job.result = self._result(sort)
        self.selected = []
        self.sandbox.unlock(self.job)

    def _sort(self) -> Sorted:
        """Why a lead stays, the first reason counting."""
        sort = Sorted()
        taken: set[str] = set()
        for lead in self.selected:
            if (reason := self._reason_to_stay(lead, taken)) is not None:
                sort.counts[reason] += 1
                continue
            sort.moving.append(lead)
            if lead.email:
                taken.add(lead.email)
        return sort

    def _reason_to_stay(self, lead: Lead, taken: set[str]) -> str | None:
        if not lead.email:
            return "leads_missing_email" if self.destination.kind == "campaign" else None
        if self.sandbox.workspace.is_blocked(lead.email):
            return "ignored_leads_from_blocklist"
        if self.body.get("check_duplicates") and (lead.email in taken or self._is_in(lead, self.destination.id)):
            return "duplicated_leads"
        if self.body.get("check_duplicates_in_campaigns") and self._is_in_another_campaign(lead):
            return "leads_in_other_campaigns"
        return None

    def _is_in(self, lead: Lead, place_id: str) -> bool:
        twins = self.sandbox.workspace.with_email(lead.email or "")
        return any(twin.place == place_id and twin is not lead for twin in twins)

    def _is_in_another_campaign(self, lead: Lead) -> bool:
        twins = self.sandbox.workspace.with_email(lead.email or "")
        near = (None, self.source.id, self.destination.id)
        return any(twin.campaign not in near for twin in twins)

    def _apply(self, lead: Lead, when: float) -> None:
        workspace = self.sandbox.workspace
        if self.body.get("copy_leads"):
            lead = workspace.add_lead(replace(lead, id=workspace.new_id(), created=when))
        workspace.relocate(lead, self.destination, when)
        if self.body.get("reset_interest_status"):
            lead.interest = None
        if self.body.get("assigned_to"):
            lead.assigned_to = self.body["assigned_to"]

    def _result(self, sort: Sorted) -> dict[str, Any]:
        result: dict[str, Any] = {
            "total_leads": len(sort.moving) + sum(sort.counts.values()),
            "moved_leads": len(sort.moving),
            **sort.counts,
            "moved_lead_emails": [lead.email for lead in sort.moving[:EMAILS_SHOWN] if lead.email],
        }
        if self.destination.kind == "list":
            result["leads_missing_email"] = None  # recorded
        if self.job.life.script.ends_as == "failed":
            result["error"] = "The sandbox was told to let this job fail"  # where a real one says so was never seen
        return result
