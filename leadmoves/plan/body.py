"""What the API's bodies are made of: ids, addresses, their one canonical form, and its fingerprint.

    canonical(body)   = no nulls, ids and addresses in lower case, lists sorted, 1.0 as 1
    fingerprint(body) = sha256 of the JSON of canonical(body), keys sorted, no spaces

Two bodies are the same request where their canonical forms are equal; so a job's echo of a body is recognised
whatever the order of its lists.
"""

import json
import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, Field, JsonValue, WithJsonSchema
from pydantic_core import PydanticCustomError

from leadmoves.plan.refusal import Input, shown

_UUID = "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
# What ajv-formats calls an e-mail; the vendor's server answers with ajv's sentences, so it is likely its rule.
_EMAIL = re.compile(
    r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?",
    re.IGNORECASE,
)
_LONGEST_EMAIL = 254  # RFC 5321: a path of 256 less its two angle brackets

# Fields whose case and order mean nothing; everywhere else a difference is a difference.
_IDS = ("campaign", "list_id", "ids", "excluded_ids", "to_campaign_id", "to_list_id", "assigned_to", "tag_id")
_CASELESS = frozenset((*_IDS, "contacts", "emails", "excluded_emails"))
# A warmup job echoes its body under these names.
_ECHOED_AS = {"includeAllEmails": "include_all_emails", "excludedEmails": "excluded_emails"}
# It echoes them even where they were not sent, as false and as empty lists: the same as not said.
_UNSAID_IF_EMPTY = frozenset(("emails", "include_all_emails", "excluded_emails"))


def _canonical_id(given: object) -> str:
    if isinstance(given, UUID):
        return str(given)
    if isinstance(given, str) and re.fullmatch(_UUID, given.strip()):
        return given.strip().lower()
    hint = "an e-mail address goes into contacts" if "@" in str(given) else "copy it from Instantly"
    example = "an id such as 6a1c0f3e-0d5b-4c55-9f0a-2b8f6c1d7e90"
    raise PydanticCustomError("id", f"must be {example}, not {shown(given)}; {hint}")


def is_email(text: str) -> bool:
    return len(text) <= _LONGEST_EMAIL and _EMAIL.fullmatch(text) is not None


def _address(given: object) -> str:
    if isinstance(given, str) and is_email(given.strip()):
        return given.strip()
    raise PydanticCustomError("email", f"must be an e-mail address such as ana@example.com, not {shown(given)}")


def once_each(values: tuple[str, ...]) -> tuple[str, ...]:
    """Each value once, in the order given: these lists are sets, and a pasted column often repeats itself."""
    first: dict[str, str] = {}
    for value in values:
        first.setdefault(value.lower(), value)
    return tuple(first.values())


Id = Annotated[
    str,
    BeforeValidator(_canonical_id),
    WithJsonSchema({"type": "string", "format": "uuid", "pattern": f"^{_UUID}$"}),
]
# Sent as it was written: how the API compares the case of addresses is not documented.
Email = Annotated[str, BeforeValidator(_address), WithJsonSchema({"type": "string", "format": "email"})]
Ids = Annotated[tuple[Id, ...], Field(min_length=1), AfterValidator(once_each)]
Emails = Annotated[tuple[Email, ...], Field(min_length=1), AfterValidator(once_each)]


class Body(Input):
    """A request whose fields are exactly what the API documents."""

    def body(self) -> dict[str, JsonValue]:
        """Exactly what is sent."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

    def fingerprint(self) -> str:
        return fingerprint(self.body())

    def echoed_by(self, filters: object) -> bool:
        """Whether a job with these `data.filters` was made from this body."""
        return same_request(self.body(), filters)


def fingerprint(body: Mapping[str, JsonValue]) -> str:
    return sha256(_canonical_json(body).encode()).hexdigest()


def same_request(body: Mapping[str, JsonValue], filters: object) -> bool:
    return isinstance(filters, Mapping) and _canonical_json(body) == _canonical_json(filters)


def _canonical_json(value: object) -> str:
    return json.dumps(_canonical(value), sort_keys=True, separators=(",", ":"))


def _canonical(value: object, field: str = "") -> object:
    match value:
        case Mapping():
            named: dict[str, object] = {
                _ECHOED_AS.get(str(key), str(key)): inner for key, inner in value.items() if inner is not None
            }
            return {
                key: _canonical(inner, key) for key, inner in named.items() if inner or key not in _UNSAID_IF_EMPTY
            }
        case list() | tuple():
            return sorted((_canonical(inner, field) for inner in value), key=_canonical_json)
        case str() if field in _CASELESS:
            return value.lower()
        case float() if value.is_integer():
            return int(value)
    return value
