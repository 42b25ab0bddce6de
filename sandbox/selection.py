"""Which leads a body selects: selected = source and ids and contacts and search and filter and queries and …

Guesses, since nothing is documented: queries combine with AND; an empty array and a limit of 0 count as not given;
an unknown `filter` value is ignored (dangerous on purpose: a client must refuse it first); esg_code "all" is any
gateway, "none" is no gateway; occurrence-days means within the last so many days.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sandbox.leads import Lead
from sandbox.workspace import DAY, Workspace

Test = Callable[[Lead], bool]


def _status(status: int) -> Test:
    return lambda lead: lead.status == status


def _interest(value: int) -> Test:
    return lambda lead: lead.interest == value


def _verified(value: int) -> Test:
    return lambda lead: lead.verification == value


FILTERS: Mapping[str, Test] = {
    "FILTER_VAL_CONTACTED": lambda lead: lead.contacted is not None,  # at least one e-mail sent (measured)
    "FILTER_VAL_NOT_CONTACTED": lambda lead: lead.contacted is None,
    "FILTER_VAL_COMPLETED": _status(3),
    "FILTER_VAL_UNSUBSCRIBED": _status(-2),
    "FILTER_VAL_ACTIVE": _status(1),
    "FILTER_VAL_BOUNCED": _status(-1),
    "FILTER_VAL_SKIPPED": _status(-3),
    "FILTER_VAL_RISKY": _verified(-2),
    "FILTER_VAL_INVALID": _verified(-1),
    "FILTER_VAL_VALID": _verified(1),
    "FILTER_VAL_IN_SUBSEQUENCE": lambda lead: lead.subsequence is not None,
    "FILTER_VAL_OPENED_NO_REPLY": lambda lead: lead.opens > 0 and lead.replies == 0,
    "FILTER_VAL_COMPLETED_NO_REPLY": lambda lead: lead.status == 3 and lead.replies == 0,  # noqa: PLR2004  (Completed)
    "FILTER_VAL_NO_OPENS": lambda lead: lead.opens == 0,
    "FILTER_VAL_REPLIED": lambda lead: lead.replies > 0,
    "FILTER_VAL_LINK_CLICKED": lambda lead: lead.clicks > 0,
    "FILTER_LEAD_INTERESTED": _interest(1),
    "FILTER_LEAD_NOT_INTERESTED": _interest(-1),
    "FILTER_LEAD_MEETING_BOOKED": _interest(2),
    "FILTER_LEAD_MEETING_COMPLETED": _interest(3),
    "FILTER_LEAD_CLOSED": _interest(4),
    "FILTER_LEAD_OUT_OF_OFFICE": _interest(0),
    "FILTER_LEAD_WRONG_PERSON": _interest(-2),
    "FILTER_LEAD_LOST": _interest(-3),
    "FILTER_LEAD_NO_SHOW": _interest(-4),
    # The vendor's own values end at 4 and -4: what lies beyond is a custom label
    "FILTER_LEAD_CUSTOM_LABEL_POSITIVE": lambda lead: lead.interest is not None and lead.interest > 4,  # noqa: PLR2004
    "FILTER_LEAD_CUSTOM_LABEL_NEGATIVE": lambda lead: lead.interest is not None and lead.interest < -4,  # noqa: PLR2004
}

_COUNTS: Mapping[str, Callable[[Lead], int]] = {
    "reply": lambda lead: lead.replies,
    "email-open": lambda lead: lead.opens,
    "link-click": lambda lead: lead.clicks,
    "last-contacted": lambda lead: int(lead.contacted is not None),
    "lead-status-change": lambda lead: int(lead.interest_changed is not None),
}
_TIMES: Mapping[str, Callable[[Lead], float | None]] = {
    "reply": lambda lead: lead.replied,
    "email-open": lambda lead: lead.opened,
    "link-click": lambda lead: lead.clicked,
    "last-contacted": lambda lead: lead.contacted,
    "lead-status-change": lambda lead: lead.interest_changed,
}
_COMPARE: Mapping[str, Callable[[int, float], bool]] = {
    "more": lambda count, limit: count > limit,
    "less": lambda count, limit: count < limit,
    "equal": lambda count, limit: count == limit,
}


def select(workspace: Workspace, body: Mapping[str, Any], now: float, after: str = "") -> Iterator[Lead]:
    """Leads that the body selects, by id ascending, behind a cursor."""
    found = _candidates(workspace, body, after)
    for test in tests_of(body, now):
        found = filter(test, found)
    return found


def _candidates(workspace: Workspace, body: Mapping[str, Any], after: str) -> Iterator[Lead]:
    """The smallest set that surely holds the selection, by id ascending."""
    ids: list[str] = body.get("ids") or []
    contacts: list[str] = body.get("contacts") or []
    if not ids and not contacts:
        yield from workspace.in_order(body.get("campaign") or body.get("list_id") or "", after)
        return
    if ids:
        found = {lead_id for lead_id in ids if lead_id in workspace.leads}
    else:
        found = {lead.id for email in contacts for lead in workspace.with_email(email)}
    yield from (workspace.leads[lead_id] for lead_id in sorted(found) if lead_id > after)


def tests_of(body: Mapping[str, Any], now: float) -> list[Test]:
    return [*_place_tests(body), *_member_tests(body), *_trait_tests(body), *_query_tests(body, now)]


def _place_tests(body: Mapping[str, Any]) -> Iterator[Test]:
    if campaign := body.get("campaign"):
        yield lambda lead: lead.campaign == campaign
    if list_id := body.get("list_id"):
        yield lambda lead: lead.list_id == list_id
    if (in_campaign := body.get("in_campaign")) is not None:
        yield lambda lead: (lead.campaign is not None) == in_campaign
    if (in_list := body.get("in_list")) is not None:
        yield lambda lead: (lead.list_id is not None) == in_list


def _member_tests(body: Mapping[str, Any]) -> Iterator[Test]:
    if excluded := frozenset(body.get("excluded_ids") or ()):
        yield lambda lead: lead.id not in excluded
    if contacts := frozenset(email.lower() for email in body.get("contacts") or ()):
        yield lambda lead: lead.email in contacts
    if sought := str(body.get("search") or "").lower():
        yield lambda lead: sought in lead.sought_by


def _trait_tests(body: Mapping[str, Any]) -> Iterator[Test]:
    if (named := FILTERS.get(str(body.get("filter")))) is not None:
        yield named
    if (esp := body.get("esp_code")) is not None:
        yield lambda lead: lead.esp_code == esp
    if (esg := body.get("esg_code")) is not None:
        yield _gateway(esg)
    if (enrichment := body.get("enrichment_status")) is not None:
        yield lambda lead: lead.enrichment == enrichment


def _gateway(esg: str) -> Test:
    if esg == "all":
        return lambda lead: bool(lead.esg_code)
    if esg == "none":
        return lambda lead: lead.esg_code is None
    code = int(esg)
    return lambda lead: lead.esg_code == code


def _query_tests(body: Mapping[str, Any], now: float) -> Iterator[Test]:
    for query in body.get("queries") or ():
        action, values = query.get("actionType"), query.get("values") or {}
        if action == "lead-status" and (wanted := values.get("lead-status")):
            yield _status_query(wanted.get("status"), is_it=wanted.get("condition") != "is-not")
        elif action in _COUNTS:
            yield _count_query(action, values.get("occurrence-count"))
            if (days := values.get("occurrence-days")) is not None:
                yield _since_query(action, now - days * DAY)


def _status_query(status: object, *, is_it: bool) -> Test:
    return lambda lead: (lead.status == status) == is_it


def _count_query(action: str, wanted: Mapping[str, Any] | None) -> Test:
    """Without a count of its own the action must have happened at all."""
    count, limit = _COUNTS[action], (wanted or {}).get("count", 0)
    compare = _COMPARE.get(str((wanted or {}).get("condition")), _COMPARE["more"])
    return lambda lead: compare(count(lead), limit)


def _since_query(action: str, since: float) -> Test:
    time = _TIMES[action]
    return lambda lead: (when := time(lead)) is not None and when >= since
