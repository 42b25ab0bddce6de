"""One workspace: lists, campaigns, leads, sending accounts, block list, and the indices that keep reads quick."""

import random
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from sandbox.leads import Lead, iso

DAY = 86_400.0
_ID_EPOCH_MS = 0x019F_0000_0000  # mid 2026 in the first 48 bits of a version 7 uuid: ids ascend as they are made


@dataclass(slots=True)
class Place:
    """A list or a campaign."""

    id: str
    kind: Literal["list", "campaign"]
    name: str
    created: float
    status: int = 1  # campaigns only: 1 Active


@dataclass(slots=True)
class Account:
    """A sending account."""

    email: str
    first_name: str
    last_name: str
    created: float
    updated: float
    warmup_status: int = 0
    status: int = 1
    provider_code: int = 2
    warmup_started: float | None = None
    warmup: dict[str, Any] = field(default_factory=lambda: {"limit": 10, "increment": "2", "reply_rate": 0.3})
    settings: dict[str, Any] = field(default_factory=lambda: {"daily_limit": 30, "sending_gap": 10})


class Workspace:
    """Everything that the API reads and moves."""

    def __init__(self, seed: int = 0) -> None:
        self.rng = random.Random(seed)  # noqa: S311  (repeatable on purpose)
        self._made = 0
        self.id = self.new_id()
        self.places: dict[str, Place] = {}
        self.leads: dict[str, Lead] = {}
        self.accounts: dict[str, Account] = {}
        self.blocked: set[str] = set()  # addresses and domains
        self._members: dict[str, dict[str, Lead]] = {}
        self._sorted: dict[str, list[str]] = {}
        self._by_email: dict[str, list[Lead]] | None = None

    def new_id(self) -> str:
        """A version 7 uuid: ascending as it is made, the same for the same seed."""
        self._made += 1
        head = f"{_ID_EPOCH_MS + self._made:012x}"
        tail = f"{self.rng.getrandbits(72):018x}"
        return f"{head[:8]}-{head[8:]}-7{tail[:3]}-8{tail[3:6]}-{tail[6:]}"

    def add_list(self, name: str, created: float = 0.0) -> Place:
        return self._add_place(Place(self.new_id(), "list", name, created))

    def add_campaign(self, name: str, created: float = 0.0, status: int = 1) -> Place:
        return self._add_place(Place(self.new_id(), "campaign", name, created, status))

    def _add_place(self, place: Place) -> Place:
        self.places[place.id] = place
        self._members[place.id] = {}
        return place

    def add_account(self, email: str, warmup_status: int = 0, created: float = 0.0) -> Account:
        first = email.partition("@")[0].capitalize()
        account = Account(email, first, "Sender", created, created, warmup_status)
        self.accounts[email.lower()] = account
        return account

    def add_lead(self, lead: Lead) -> Lead:
        self.leads[lead.id] = lead
        self._members[lead.place][lead.id] = lead
        self._sorted.pop(lead.place, None)
        self._sorted.pop("", None)
        if self._by_email is not None and lead.email:
            self._by_email.setdefault(lead.email, []).append(lead)
        return lead

    def add_leads(self, place: Place, count: int, when: float = 0.0) -> list[Lead]:
        """Plain leads for a small scene: lead1@…, lead2@…, all alike."""
        return [self.add_lead(self._plain_lead(place, number, when)) for number in range(1, count + 1)]

    def _plain_lead(self, place: Place, number: int, when: float) -> Lead:
        email = f"lead{number}@{place.id[-6:]}.example"
        lead = Lead(self.new_id(), email, "Lead", f"No{number}", "Acme", created=when, updated=when)
        if place.kind == "list":
            lead.list_id = place.id
        else:
            lead.campaign, lead.status = place.id, 1
        return lead

    def relocate(self, lead: Lead, to: Place, when: float) -> None:
        """The lead keeps its id; a list lead that enters a campaign becomes active (recorded)."""
        self._members[lead.place].pop(lead.id, None)
        self._sorted.pop(lead.place, None)
        lead.campaign = to.id if to.kind == "campaign" else None
        lead.list_id = to.id if to.kind == "list" else None
        if to.kind == "campaign" and lead.status == 0:
            lead.status = 1
        lead.updated = when
        self._members[to.id][lead.id] = lead
        self._sorted.pop(to.id, None)

    def members(self, place_id: str) -> Iterable[Lead]:
        return self._members.get(place_id, {}).values()

    def size(self, place_id: str) -> int:
        return len(self._members.get(place_id, ()))

    def in_order(self, place_id: str = "", after: str = "") -> Iterator[Lead]:
        """Leads of a place (or all) by id ascending, behind a cursor."""
        if place_id not in self._sorted:
            self._sorted[place_id] = sorted(self._members.get(place_id, {}) if place_id else self.leads)
        ids = self._sorted[place_id]
        for place in range(bisect_right(ids, after), len(ids)):
            yield self.leads[ids[place]]

    def with_email(self, email: str) -> list[Lead]:
        """One address can be several leads, one for each campaign or list."""
        if self._by_email is None:
            self._by_email = {}
            for lead in self.leads.values():
                if lead.email:
                    self._by_email.setdefault(lead.email, []).append(lead)
        return self._by_email.get(email.lower(), [])

    def is_blocked(self, email: str) -> bool:
        return email in self.blocked or email.partition("@")[2] in self.blocked

    def of_kind(self, kind: str) -> list[Place]:
        return [place for place in self.places.values() if place.kind == kind]

    def named(self, name: str) -> Place:
        """The list or campaign of that name, for tests and demonstrations."""
        return next(place for place in self.places.values() if place.name == name)


def place_json(place: Place, organization: str, skew: float = 0.0) -> dict[str, Any]:
    created = iso(place.created + skew)
    if place.kind == "list":
        return {"id": place.id, "organization_id": organization, "name": place.name,
                "has_enrichment_task": False, "timestamp_created": created}  # fmt: skip
    hours = {"name": "Weekdays", "timing": {"from": "09:00", "to": "17:00"}, "timezone": "Etc/GMT+12"}
    schedule = {"schedules": [{**hours, "days": {str(day): True for day in range(1, 6)}}]}
    return {"id": place.id, "name": place.name, "status": place.status, "campaign_schedule": schedule,
            "organization": organization, "timestamp_created": created, "timestamp_updated": created}  # fmt: skip


def account_json(account: Account, organization: str, skew: float = 0.0) -> dict[str, Any]:
    started = account.warmup_started
    return {
        "email": account.email,
        "timestamp_created": iso(account.created + skew),
        "timestamp_updated": iso(account.updated + skew),
        "first_name": account.first_name,
        "last_name": account.last_name,
        "organization": organization,
        "warmup_status": account.warmup_status,
        "status": account.status,
        "provider_code": account.provider_code,
        "setup_pending": False,
        "is_managed_account": False,
        "stat_warmup_score": 100 if account.warmup_status == 1 else None,
        "timestamp_warmup_start": None if started is None else iso(started + skew),
        "warmup": account.warmup,
        **account.settings,
    }
