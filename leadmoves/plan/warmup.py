"""A request to warm up sending accounts: POST /api/v2/accounts/warmup/enable, built and refused here."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field, StrictBool

from leadmoves.plan.body import Body, Emails, Id
from leadmoves.plan.filters import AccountFilter, AnyAccountFilter, word_of
from leadmoves.plan.moves import SearchText
from leadmoves.plan.refusal import Contradiction, Input, optional

ADDRESSES_A_REQUEST = 100  # the API's own bound on `emails` and on `excluded_emails`


class WarmupFilter(Input):
    """Which of all accounts: a tag, a state, or both."""

    tag_id: Id | None = optional("Tag", "The id of the tag that the accounts have.")
    filter: AnyAccountFilter | None = optional("Accounts", "Their state.", word_of(AccountFilter.WARMUP_PAUSED))

    @classmethod
    def contradictions(cls, given: Mapping[str, Any]) -> Iterator[Contradiction]:
        if not given:
            yield (), "filters nothing; give tag_id or filter, or leave it out"


class WarmupRequest(Body):
    """Which accounts to warm up: these addresses, or all accounts (narrowed by a filter, a search, exceptions)."""

    model_config = ConfigDict(title="Warmup request")
    misnamed: ClassVar[Mapping[str, str]] = MappingProxyType(
        {"accounts": "emails", "exclude_emails": "excluded_emails"}
    )

    emails: Emails | None = optional("Accounts", "The e-mail addresses of the accounts.", ["ana@example.com"])
    include_all_emails: StrictBool | None = optional("All accounts", "true warms up every account.", True)
    excluded_emails: Annotated[Emails, Field(max_length=ADDRESSES_A_REQUEST)] | None = optional(
        "Except accounts", "With all accounts: these are left alone.", ["bo@example.com"]
    )
    filter: WarmupFilter | None = optional("Filter", "With all accounts: only these.")
    search: SearchText | None = optional("Search", "With all accounts: only those found.", "example.com")

    @classmethod
    def contradictions(cls, given: Mapping[str, Any]) -> Iterator[Contradiction]:
        every = given.get("include_all_emails") is True
        if every and "emails" in given:
            yield ("emails",), "include_all_emails is true as well; name the accounts or take all, not both"
        if not every and "emails" not in given:
            yield ("emails",), "no account; give emails, or include_all_emails: true"
        for field in ("excluded_emails", "filter", "search"):
            if field in given and not every:
                yield (field,), "narrows all accounts; it needs include_all_emails: true"

    def requests(self) -> tuple["WarmupRequest", ...]:
        """This request cut into what the API takes: at most 100 addresses each."""
        emails = self.emails or ()
        if len(emails) <= ADDRESSES_A_REQUEST:
            return (self,)
        cuts = range(0, len(emails), ADDRESSES_A_REQUEST)
        return tuple(self.model_copy(update={"emails": emails[at : at + ADDRESSES_A_REQUEST]}) for at in cuts)
