"""What the API refuses, and in which words: bodies, queries, and the three-key envelope of every refusal.

Unknown keys of a body are never refused here (observed: they are accepted and ignored).
"""

import json
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
EMAIL = re.compile(r"\S+@\S+")
PAGE_MAX = 100  # limit of every list; above it the API answers 400 and does not clamp (observed)
PAGE_DEFAULT = 10  # not documented; the description's own example

SELECTION_FIELDS: Mapping[str, str] = {
    "search": "string",
    "filter": "string",
    "campaign": "uuid",
    "list_id": "uuid",
    "in_campaign": "boolean",
    "in_list": "boolean",
    "ids": "array of uuid",
    "queries": "array of object",
    "excluded_ids": "array of uuid",
    "contacts": "array of email",
    "esg_code": "string",
}
MOVE_FIELDS: Mapping[str, str] = {
    **SELECTION_FIELDS,
    "esp_code": "number",
    "limit": "number",
    "to_campaign_id": "uuid",
    "to_list_id": "uuid",
    "assigned_to": "uuid",
    "copy_leads": "boolean",
    "check_duplicates": "boolean",
    "check_duplicates_in_campaigns": "boolean",
    "skip_leads_in_verification": "boolean",
    "reset_interest_status": "boolean",
    "ignore_resource_filter_clauses": "boolean",
}
LIST_FIELDS: Mapping[str, str] = {
    **SELECTION_FIELDS,
    "limit": "integer",
    "starting_after": "string",
    "distinct_contacts": "boolean",
    "enrichment_status": "number",
    "is_website_visitor": "boolean",
    "organization_user_ids": "array of uuid",
    "smart_view_id": "uuid",
}
WARMUP_FIELDS: Mapping[str, str] = {
    "emails": "array of string",
    "include_all_emails": "boolean",
    "excluded_emails": "array of string",
    "filter": "object or null",
    "search": "string",
}
ACCOUNT_FIELDS: Mapping[str, str] = {
    "first_name": "string",
    "last_name": "string",
    "warmup": "object",
    "daily_limit": "number or null",
    "tracking_domain_name": "string or null",
    "tracking_domain_status": "string or null",
    "enable_slow_ramp": "boolean or null",
    "inbox_placement_test_limit": "number or null",
    "sending_gap": "number",
    "signature": "string or null",
    "reply_to": "email or null",
    "skip_cname_check": "boolean",
    "remove_tracking_domain": "boolean",
}
ALLOWED: Mapping[str, tuple[object, ...]] = {
    "esp_code": (0, 1, 2, 3, 8, 9, 10, 12, 13, 999, 1000),
    "esg_code": ("0", "1", "2", "3", "4", "all", "none"),
}
_PHRASES: Mapping[int, str] = {status.value: status.phrase for status in HTTPStatus}
_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "string": str,
    "uuid": str,
    "email": str,
    "number": (int, float),
    "integer": int,
    "boolean": bool,
    "object": dict,
}
_FORMATS: Mapping[str, re.Pattern[str]] = {"uuid": UUID, "email": EMAIL}


class Refusal(Exception):
    """An answer of 4xx, as the vendor words it."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status

    def body(self) -> dict[str, Any]:
        return {"statusCode": self.status, "error": phrase(self.status), "message": str(self)}


def phrase(status: int) -> str:
    """The words of a status; an edge has codes of its own, e.g. 520, which no list knows."""
    return _PHRASES.get(status, "Unknown Error")


def not_found() -> Refusal:
    return Refusal(404, "Resource not found")


def parsed(raw: bytes) -> dict[str, Any]:
    """The JSON object of a body; an empty one is a 400 (observed)."""
    if not raw.strip():
        raise Refusal(400, "Body cannot be empty when content-type is set to 'application/json'")
    try:
        body = json.loads(raw)
    except ValueError:
        raise Refusal(400, "Body is not valid JSON but content-type is set to 'application/json'") from None
    if not isinstance(body, dict):
        raise Refusal(400, "body must be object")
    return body


def check(body: Mapping[str, Any], fields: Mapping[str, str]) -> None:
    """Refuse known keys of a wrong type; leave unknown keys alone."""
    for name, kind in fields.items():
        if name in body:
            _check_value(f"body/{name}", body[name], kind)
            if name in ALLOWED and body[name] not in ALLOWED[name]:
                raise Refusal(400, f"body/{name} must be equal to one of the allowed values")
    for place, query in enumerate(body.get("queries", ()) if "queries" in fields else ()):
        for name in ("actionType", "values"):
            if name not in query:
                raise Refusal(400, f"body/queries/{place} must have required property '{name}'")
        _check_value(f"body/queries/{place}/values", query["values"], "object")


def at_most(body: Mapping[str, Any], name: str, most: int) -> None:
    if len(body.get(name) or ()) > most:
        raise Refusal(400, f"body/{name} must NOT have more than {most} items")


def _check_value(where: str, value: object, kind: str) -> None:
    kind, nullable, _ = kind.partition(" or null")
    if nullable and value is None:
        return
    if kind.startswith("array of "):
        if not isinstance(value, list):
            raise Refusal(400, f"{where} must be array")
        for place, item in enumerate(value):
            _check_value(f"{where}/{place}", item, kind.removeprefix("array of "))
        return
    lie = isinstance(value, bool) and kind != "boolean"  # a bool is an int to Python, not to JSON
    if lie or not isinstance(value, _TYPES[kind]):
        raise Refusal(400, f"{where} must be {'string' if kind in _FORMATS else kind}")
    if kind in _FORMATS and not _FORMATS[kind].fullmatch(str(value)):
        raise Refusal(400, f'{where} must match format "{kind}"')


def page_limit(value: object, where: str = "querystring") -> int:
    """A page's size, from a query's text or a body's number."""
    if value is None:
        return PAGE_DEFAULT
    text = str(value)
    if not text.lstrip("-").isdigit():
        raise Refusal(400, f"{where}/limit must be integer")
    if int(text) < 1:
        raise Refusal(400, f"{where}/limit must be >= 1")
    if int(text) > PAGE_MAX:
        raise Refusal(400, f"{where}/limit must be <= {PAGE_MAX}")
    return int(text)


def one_of(query: Mapping[str, str], name: str, allowed: tuple[str, ...]) -> str | None:
    value = query.get(name)
    if value is not None and value not in allowed:
        raise Refusal(400, f"querystring/{name} must be equal to one of the allowed values")
    return value


def commas(query: Mapping[str, str], name: str) -> list[str] | None:
    """A comma list of a query, or None where it was not given."""
    value = query.get(name)
    return None if value is None else [part for part in (raw.strip() for raw in value.split(",")) if part]
