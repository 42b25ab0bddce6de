"""The vendor's own words for which leads and accounts are meant: each value as the API spells it.

People may write the words of Instantly's screens instead, in any case: «Not contacted», «Google», «Barracuda».
"""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from enum import Enum, IntEnum, StrEnum
from functools import cache, partial
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from leadmoves.plan.refusal import Contradiction, Input, shown


class LeadFilter(StrEnum):
    """`filter` of a move: where a lead stands."""

    CONTACTED = "FILTER_VAL_CONTACTED"
    NOT_CONTACTED = "FILTER_VAL_NOT_CONTACTED"
    COMPLETED = "FILTER_VAL_COMPLETED"
    UNSUBSCRIBED = "FILTER_VAL_UNSUBSCRIBED"
    ACTIVE = "FILTER_VAL_ACTIVE"
    INTERESTED = "FILTER_LEAD_INTERESTED"
    NOT_INTERESTED = "FILTER_LEAD_NOT_INTERESTED"
    MEETING_BOOKED = "FILTER_LEAD_MEETING_BOOKED"
    MEETING_COMPLETED = "FILTER_LEAD_MEETING_COMPLETED"
    CLOSED = "FILTER_LEAD_CLOSED"
    OUT_OF_OFFICE = "FILTER_LEAD_OUT_OF_OFFICE"
    WRONG_PERSON = "FILTER_LEAD_WRONG_PERSON"
    LOST = "FILTER_LEAD_LOST"
    NO_SHOW = "FILTER_LEAD_NO_SHOW"
    CUSTOM_LABEL_POSITIVE = "FILTER_LEAD_CUSTOM_LABEL_POSITIVE"
    CUSTOM_LABEL_NEGATIVE = "FILTER_LEAD_CUSTOM_LABEL_NEGATIVE"
    BOUNCED = "FILTER_VAL_BOUNCED"
    SKIPPED = "FILTER_VAL_SKIPPED"
    RISKY = "FILTER_VAL_RISKY"
    INVALID = "FILTER_VAL_INVALID"
    VALID = "FILTER_VAL_VALID"
    IN_SUBSEQUENCE = "FILTER_VAL_IN_SUBSEQUENCE"
    OPENED_NO_REPLY = "FILTER_VAL_OPENED_NO_REPLY"
    COMPLETED_NO_REPLY = "FILTER_VAL_COMPLETED_NO_REPLY"
    NO_OPENS = "FILTER_VAL_NO_OPENS"
    REPLIED = "FILTER_VAL_REPLIED"
    LINK_CLICKED = "FILTER_VAL_LINK_CLICKED"


class EspCode(IntEnum):
    """`esp_code`: who hosts the lead's mailbox."""

    IN_QUEUE = 0
    GOOGLE = 1
    MICROSOFT = 2
    ZOHO = 3
    AIRMAIL = 8
    YAHOO = 9
    YANDEX = 10
    WEB_DE = 12
    LIBERO_IT = 13
    OTHER = 999
    NOT_FOUND = 1000


class EsgCode(StrEnum):
    """`esg_code`: which gateway guards the lead's mailbox. Text since 2025-10-14, a number before."""

    IN_QUEUE = "0"
    BARRACUDA = "1"
    MIMECAST = "2"
    PROOFPOINT = "3"
    CISCO = "4"
    ALL = "all"
    NONE = "none"


class AccountFilter(StrEnum):
    """`filter.filter` of a warmup: which sending accounts."""

    PAUSED = "ACC_FILTER_PAUSED"
    HAS_ERRORS = "ACC_FILTER_ERROR"
    NO_CUSTOM_TRACKING_DOMAIN = "ACC_FILTER_NO_CTD"
    PRE_WARMED_ACCOUNTS = "ACC_FILTER_PW_ACCOUNTS"
    DFY_ACCOUNTS = "ACC_FILTER_DFY"
    DFY_SETUP_PENDING = "ACC_FILTER_DFY_SETUP_PENDING"
    WARMUP_ACTIVE = "ACC_FILTER_W_ACTIVE"
    WARMUP_PAUSED = "ACC_FILTER_W_PAUSED"
    WARMUP_HAS_ERRORS = "ACC_FILTER_W_ERROR"


def _letters(text: str) -> str:
    """«Web.de», «web de» and WEB_DE are one word."""
    return re.sub(r"[\W_]+", "", text).lower()


@cache
def _words(values: type[Enum]) -> dict[str, Enum]:
    return {_letters(member.name): member for member in values}


def _named(values: type[Enum], given: object) -> Enum:
    """The member of that value or word. A boolean is no code, though Python takes True for 1."""
    if isinstance(given, values):
        return given
    if isinstance(given, str | int) and not isinstance(given, bool):
        text = str(given).strip()
        for member in values:
            if text.lower() == str(member.value).lower():
                return member
        if _letters(text) in _words(values):
            return _words(values)[_letters(text)]
    raise PydanticCustomError(
        "unknown_value", f"{shown(given)} is no value of the API; {_nearest(values, str(given))}"
    )


def _nearest(values: type[Enum], given: str) -> str:
    spelled = {**_words(values), **{_letters(str(member.value)): member for member in values}}
    close = get_close_matches(_letters(given), spelled, n=1)
    meant = [spelled[word] for word in close] or list(values)
    said = ", ".join(f"{member.value} ({member.name.replace('_', ' ').lower()})" for member in meant)
    return f"did you mean {said}?" if close else f"it takes {said}"


def word_of(member: Enum) -> str:
    """The word of Instantly's screens for a value, e.g. «Not contacted»; `_named` reads it back."""
    return _SPELLED.get(member.name) or member.name.replace("_", " ").capitalize()


_SPELLED = {
    "WEB_DE": "Web.de",
    "LIBERO_IT": "Libero.it",
    "DFY_ACCOUNTS": "DFY accounts",
    "DFY_SETUP_PENDING": "DFY setup pending",
}


def _offered(values: type[Enum]) -> WithJsonSchema:
    """What a form offers to choose from: the words; the API's values are taken as well."""
    return WithJsonSchema({"type": "string", "enum": [word_of(member) for member in values]})


AnyLeadFilter = Annotated[LeadFilter, BeforeValidator(partial(_named, LeadFilter)), _offered(LeadFilter)]
AnyEspCode = Annotated[EspCode, BeforeValidator(partial(_named, EspCode)), _offered(EspCode)]
AnyEsgCode = Annotated[EsgCode, BeforeValidator(partial(_named, EsgCode)), _offered(EsgCode)]
AnyAccountFilter = Annotated[
    AccountFilter, BeforeValidator(partial(_named, AccountFilter)), _offered(AccountFilter)
]

WholeNumber = Annotated[int, Field(strict=True)]
NotNegative = Annotated[int, Field(strict=True, ge=0)]


class OccurrenceCount(Input):
    """How often it happened."""

    condition: Literal["more", "less", "equal"] = Field(title="Compared", description="more, less or equal")
    count: NotNegative = Field(title="Times", description="How many times.", examples=[1])


class LeadStatus(Input):
    """The lead's status, by the API's number."""

    status: WholeNumber = Field(
        title="Status",
        description="1 active, 2 paused, 3 completed, -1 bounced, -2 unsubscribed, -3 skipped.",
        examples=[1],
    )
    condition: Literal["is", "is-not"] = Field(title="Compared", description="is or is-not")


class QueryValues(Input):
    """What a query compares with; at least one."""

    occurrence_days: NotNegative | None = Field(
        default=None,
        alias="occurrence-days",
        title="Within days",
        description="In the last so many days.",
        examples=[7],
    )
    occurrence_count: OccurrenceCount | None = Field(
        default=None, alias="occurrence-count", title="How often", description="How many times it happened."
    )
    lead_status: LeadStatus | None = Field(
        default=None,
        alias="lead-status",
        title="Lead status",
        description="For lead-status and lead-status-change.",
    )

    @classmethod
    def contradictions(cls, given: Mapping[str, Any]) -> Iterator[Contradiction]:
        if not given:
            yield (), "compares with nothing; give occurrence-days, occurrence-count or lead-status"


class LeadQuery(Input):
    """One condition of a smart view."""

    action_type: Literal[
        "reply", "email-open", "last-contacted", "link-click", "lead-status", "lead-status-change"
    ] = Field(alias="actionType", title="What happened", description="The lead's action that is looked at.")
    values: QueryValues = Field(title="Compared with", description="Days, times or a lead status.")
