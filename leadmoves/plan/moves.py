"""A request to move leads: all 22 fields of POST /api/v2/leads/move, built and refused here.

The API requires nothing, ignores what it does not know, and takes a body without a selector for «everything».
So a request names exactly one source and one destination, and nothing that the API would ignore.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Literal, TypedDict, Unpack

from pydantic import ConfigDict, Field, StrictBool, StringConstraints

from leadmoves.plan.body import Body, Emails, Id, Ids
from leadmoves.plan.filters import (
    AnyEsgCode,
    AnyEspCode,
    AnyLeadFilter,
    EsgCode,
    EspCode,
    LeadFilter,
    LeadQuery,
    word_of,
)
from leadmoves.plan.refusal import Contradiction, checked, optional

Kind = Literal["campaign", "list"]
Limit = Annotated[int, Field(strict=True, ge=1)]
SearchText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]

# What picks leads. `excluded_ids`, the `skip_…` and `check_…` switches, `in_campaign` and `in_list` do not count:
# alone they mean «everything but», and in a source of one kind they may leave out nobody at all.
SELECTORS = ("ids", "contacts", "search", "filter", "queries", "esp_code", "esg_code")

_UUID = "6a1c0f3e-0d5b-4c55-9f0a-2b8f6c1d7e90"


class MoveRequest(Body):
    """Which leads go where. Exactly one source, exactly one destination; fields left out are not sent."""

    model_config = ConfigDict(title="Move request")

    # Names that other tools send, which the API ignores without a word.
    misnamed: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "lead_ids": "ids",
            "emails": "contacts",
            "exclude_ids": "excluded_ids",
            "from_campaign_id": "campaign",
            "campaign_id": "campaign",
            "from_list_id": "list_id",
            "from_lead_list_id": "list_id",
            "lead_list_id": "list_id",
            "list": "list_id",
            "destination_campaign_id": "to_campaign_id",
            "destination_list_id": "to_list_id",
            "to_lead_list_id": "to_list_id",
            "copy": "copy_leads",
        }
    )

    campaign: Id | None = optional(
        "From campaign", "Id of the campaign to take leads from; or a list below.", _UUID
    )
    list_id: Id | None = optional(
        "From list", "Id of the lead list to take leads from; or a campaign above.", _UUID
    )
    to_campaign_id: Id | None = optional(
        "To campaign",
        "Id of the campaign that gets the leads; or a list below. An active one may start sending.",
        _UUID,
    )
    to_list_id: Id | None = optional(
        "To list", "Id of the lead list that gets the leads; or a campaign above.", _UUID
    )
    limit: Limit | None = optional("At most", "The most leads to move.", 500)
    filter: AnyLeadFilter | None = optional(
        "Status", "Only leads with this status.", word_of(LeadFilter.NOT_CONTACTED)
    )
    esp_code: AnyEspCode | None = optional(
        "Mailbox provider", "Only leads whose mailbox is there.", word_of(EspCode.GOOGLE)
    )
    esg_code: AnyEsgCode | None = optional(
        "E-mail gateway", "Only leads behind this gateway.", word_of(EsgCode.BARRACUDA)
    )
    search: SearchText | None = optional("Search", "Part of a first name, last name or e-mail address.", "John Doe")
    ids: Ids | None = optional("Lead ids", "Only these leads, as far as they are in the source.", [_UUID])
    contacts: Emails | None = optional("E-mail addresses", "Only leads with these addresses.", ["ana@example.com"])
    excluded_ids: Ids | None = optional("Except lead ids", "These leads stay where they are.", [_UUID])
    queries: Annotated[tuple[LeadQuery, ...], Field(min_length=1)] | None = optional(
        "Smart view",
        "Conditions on what a lead did.",
        [{"actionType": "email-open", "values": {"occurrence-days": 7}}],
    )
    in_campaign: StrictBool | None = optional("In a campaign", "Whether the lead is in a campaign.", True)
    in_list: StrictBool | None = optional("In a list", "Whether the lead is in a list.", True)
    ignore_resource_filter_clauses: StrictBool | None = optional(
        "Ignore saved lead-finder clauses", "Select as if the source had no saved lead-finder clauses.", True
    )
    copy_leads: StrictBool | None = optional("Copy", "Copy the leads and keep them in the source.", True)
    check_duplicates: StrictBool | None = optional(
        "Check duplicates", "Leave out leads that the destination already has.", True
    )
    check_duplicates_in_campaigns: StrictBool | None = optional(
        "Check duplicates in campaigns", "Leave out leads that other campaigns already have.", True
    )
    skip_leads_in_verification: StrictBool | None = optional(
        "Skip leads in verification", "Leave out leads whose address is still being verified.", True
    )
    reset_interest_status: StrictBool | None = optional(
        "Reset interest status",
        "true forgets the interest; false keeps it, and a move also takes opportunities along.",
        True,
    )
    assigned_to: Id | None = optional("Assign to", "The id of the user who gets the leads.", _UUID)

    @classmethod
    def contradictions(cls, given: Mapping[str, Any]) -> Iterator[Contradiction]:
        needed = "; the API takes ids only inside one" if "ids" in given else ""
        yield from _exactly_one(given, "source", ("campaign", "list_id"), needed)
        yield from _exactly_one(given, "destination", ("to_campaign_id", "to_list_id"))
        sources = {str(given[field]).strip().lower() for field in ("campaign", "list_id") if field in given}
        for field in ("to_campaign_id", "to_list_id"):
            if field in given and str(given[field]).strip().lower() in sources:
                yield (field,), "is the source as well; name another destination"

    @property
    def source(self) -> str:
        return self.campaign or self.list_id or ""

    @property
    def source_kind(self) -> Kind:
        return "campaign" if self.campaign else "list"

    @property
    def destination(self) -> str:
        return self.to_campaign_id or self.to_list_id or ""

    @property
    def destination_kind(self) -> Kind:
        return "campaign" if self.to_campaign_id else "list"

    @property
    def has_selector(self) -> bool:
        return selects(dict(self))


def selects(fields: Mapping[str, Any]) -> bool:
    """Whether these fields pick leads. The gateway «all» picks nobody out."""
    return any(fields.get(name) is not None and not _is_all(name, fields[name]) for name in SELECTORS)


def _is_all(field: str, value: object) -> bool:
    return field == "esg_code" and str(value).strip().lower() == EsgCode.ALL


def _exactly_one(
    given: Mapping[str, Any], role: str, fields: tuple[str, str], needed: str = ""
) -> Iterator[Contradiction]:
    first, second = fields
    if first not in given and second not in given:
        yield (first,), f"no {role}; give {first} or {second}{needed}"
    elif first in given and second in given:
        yield (second,), f"{first} is given as well; a move has one {role}, keep one of the two"


@dataclass(frozen=True)
class Where:
    """Which leads of the source."""

    filter: LeadFilter | str | None = None
    esp: EspCode | str | None = None
    esg: EsgCode | str | None = None
    search: str | None = None
    ids: Sequence[str] | None = None
    contacts: Sequence[str] | None = None
    excluded_ids: Sequence[str] | None = None
    queries: Sequence[LeadQuery] | None = None
    in_campaign: bool | None = None
    in_list: bool | None = None


class Options(TypedDict, total=False):
    """How they are moved."""

    assigned_to: str
    check_duplicates: bool
    check_duplicates_in_campaigns: bool
    ignore_resource_filter_clauses: bool
    reset_interest_status: bool
    skip_leads_in_verification: bool


EVERYTHING = Where()


def move(  # noqa: PLR0913 - named only, and each a word of the sentence
    *,
    from_campaign: str | None = None,
    from_list: str | None = None,
    where: Where = EVERYTHING,
    to_campaign: str | None = None,
    to_list: str | None = None,
    limit: int | None = None,
    copy: bool | None = None,
    **options: Unpack[Options],
) -> MoveRequest:
    """`move(from_list=…, where=Where(filter="not contacted", esp="google"), to_campaign=…, limit=500)`."""
    picked = {_FIELD.get(name, name): value for name, value in asdict(where).items()}
    ends = {"campaign": from_campaign, "list_id": from_list, "to_campaign_id": to_campaign, "to_list_id": to_list}
    return checked(MoveRequest, {**picked, **ends, "limit": limit, "copy_leads": copy, **options})


_FIELD = {"esp": "esp_code", "esg": "esg_code"}
