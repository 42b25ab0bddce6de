"""Lists, campaigns and sending accounts: listed, read, switched."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from sandbox.checks import ACCOUNT_FIELDS, Refusal, check, commas, not_found, one_of, page_limit, parsed
from sandbox.leads import Lead, iso
from sandbox.routes_jobs import accepted, sandbox_of, script_for
from sandbox.warmup import ACCOUNT_FILTERS, submit_warmup
from sandbox.workspace import Account, Place, account_json, place_json

router = APIRouter(prefix="/api/v2")
GAP_MAX = 1440  # sending_gap, minutes of a day (documented)
VERIFICATION = {
    "verified": 1,
    "invalid": -1,
    "risky": -2,
    "catch_all": -3,
    "job_change": -4,
    "verification_job_pending_leadfinder": 11,
    "verification_job_pending_user": 12,
}


@router.get("/lead-lists")
async def list_lists(request: Request) -> JSONResponse:
    return _places(request, "list", lambda place: iso(place.created + sandbox_of(request).faults.skew))


@router.get("/lead-lists/{place_id}")
async def read_list(request: Request, place_id: str) -> JSONResponse:
    return _show(request, _place(request, "list", place_id))


@router.get("/lead-lists/{place_id}/verification-stats")
async def verification_stats(request: Request, place_id: str) -> JSONResponse:
    place = _place(request, "list", place_id)
    workspace = sandbox_of(request).workspace
    counts = Counter(lead.verification for lead in workspace.members(place.id))
    stats = {name: counts[code] for name, code in VERIFICATION.items()}
    return JSONResponse({"stats": stats, "total_leads": workspace.size(place.id)})


@router.get("/campaigns")
async def list_campaigns(request: Request) -> JSONResponse:
    return _places(request, "campaign", lambda place: place.id)


@router.get("/campaigns/analytics")
async def analytics(request: Request) -> JSONResponse:
    """One row a campaign, leads_count left out when asked for."""
    query = request.query_params
    ids = {*query.getlist("ids"), *query.getlist("id")}
    with_total = query.get("exclude_total_leads_count") != "true"
    campaigns = sandbox_of(request).workspace.of_kind("campaign")
    rows = [_analytics(request, place, with_total=with_total) for place in campaigns if not ids or place.id in ids]
    return JSONResponse(rows)


@router.get("/campaigns/{place_id}")
async def read_campaign(request: Request, place_id: str) -> JSONResponse:
    return _show(request, _place(request, "campaign", place_id))


def _place(request: Request, kind: str, place_id: str) -> Place:
    place = sandbox_of(request).workspace.places.get(place_id)
    if place is None or place.kind != kind:
        raise not_found()
    return place


def _show(request: Request, place: Place) -> JSONResponse:
    sandbox = sandbox_of(request)
    return JSONResponse(place_json(place, sandbox.workspace.id, sandbox.faults.skew))


def _places(request: Request, kind: str, cursor: Callable[[Place], str]) -> JSONResponse:
    """Oldest first behind the cursor: a time for lists, an id for campaigns."""
    sandbox, query = sandbox_of(request), request.query_params
    sought, after = query.get("search", "").lower(), query.get("starting_after", "")
    status = query.get("status")
    found = [
        place
        for place in sandbox.workspace.of_kind(kind)
        if sought in place.name.lower()
        and cursor(place) > after
        and (status is None or kind == "list" or str(place.status) == status)
    ]
    page = sorted(found, key=cursor)[: page_limit(query.get("limit"))]
    answer: dict[str, Any] = {
        "items": [place_json(place, sandbox.workspace.id, sandbox.faults.skew) for place in page]
    }
    if page:
        answer["next_starting_after"] = cursor(page[-1])
    return JSONResponse(answer)


def _analytics(request: Request, place: Place, *, with_total: bool) -> dict[str, Any]:
    workspace = sandbox_of(request).workspace
    leads = list(workspace.members(place.id))
    contacted = _count(leads, lambda lead: lead.contacted is not None)
    row = {
        "campaign_name": place.name,
        "campaign_id": place.id,
        "campaign_status": place.status,
        "campaign_is_evergreen": False,
        "contacted_count": contacted,
        "emails_sent_count": contacted,
        "new_leads_contacted_count": contacted,
        "open_count": sum(lead.opens for lead in leads),
        "reply_count": sum(lead.replies for lead in leads),
        "link_click_count": sum(lead.clicks for lead in leads),
        "bounced_count": _count(leads, lambda lead: lead.status == -1),
        "unsubscribed_count": _count(leads, lambda lead: lead.status == -2),  # noqa: PLR2004  (Unsubscribed)
        "completed_count": _count(leads, lambda lead: lead.status == 3),  # noqa: PLR2004  (Completed)
        "total_opportunities": _count(leads, lambda lead: lead.interest == 1),
        "total_opportunity_value": 0,
    }
    return {**row, "leads_count": len(leads)} if with_total else row


def _count(leads: Iterable[Lead], test: Callable[[Lead], bool]) -> int:
    return sum(1 for lead in leads if test(lead))


@router.get("/accounts")
async def list_accounts(request: Request) -> JSONResponse:
    """Oldest first; the cursor is `timestamp_created&email`, and a plain time still works."""
    sandbox, query = sandbox_of(request), request.query_params
    after = query.get("starting_after", "")
    cut = page_limit(query.get("limit"))
    found = [account for account in _accounts_found(request) if _account_key(request, account) > after]
    skip = query.get("skip", "0")
    if not skip.isdigit():
        raise Refusal(400, "querystring/skip must be integer")
    page = found[int(skip) :][:cut]
    answer: dict[str, Any] = {
        "items": [account_json(account, sandbox.workspace.id, sandbox.faults.skew) for account in page]
    }
    if page:
        answer["next_starting_after"] = _account_key(request, page[-1])
    return JSONResponse(answer)


def _account_key(request: Request, account: Account) -> str:
    return f"{iso(account.created + sandbox_of(request).faults.skew)}&{account.email}"


def _accounts_found(request: Request) -> list[Account]:
    query = request.query_params
    named = one_of(query, "filter", tuple(ACCOUNT_FILTERS))
    status, provider, sought = query.get("status"), query.get("provider_code"), query.get("search", "").lower()
    tagged = commas(query, "tag_ids") or commas(query, "tag_ids_all")
    found = [
        account
        for account in sandbox_of(request).workspace.accounts.values()
        if not tagged  # no account here has a tag
        and sought in account.email.lower()
        and status in (None, str(account.status))
        and provider in (None, str(account.provider_code))
        and (named is None or ACCOUNT_FILTERS[named](account))
    ]
    return sorted(found, key=lambda account: (account.created, account.email))


def _account(request: Request, email: str) -> Account:
    account = sandbox_of(request).workspace.accounts.get(email.lower())
    if account is None:
        raise not_found()
    return account


@router.get("/accounts/{email}")
async def read_account(request: Request, email: str) -> JSONResponse:
    sandbox = sandbox_of(request)
    account = _account(request, email)
    return JSONResponse(account_json(account, sandbox.workspace.id, sandbox.faults.skew))


@router.patch("/accounts/{email}")
async def change_account(request: Request, email: str) -> JSONResponse:
    """Unlike elsewhere, an unknown key is refused here, and so is a body without any (documented)."""
    sandbox, account = sandbox_of(request), _account(request, email)
    body = parsed(await request.body())
    if not body:
        raise Refusal(400, "body must NOT have fewer than 1 properties")
    if body.keys() - ACCOUNT_FIELDS.keys():
        raise Refusal(400, "body must NOT have additional properties")
    check(body, ACCOUNT_FIELDS)
    if not 0 <= body.get("sending_gap", 0) <= GAP_MAX:
        raise Refusal(400, f"body/sending_gap must be >= 0 and <= {GAP_MAX}")
    _change(account, body)
    account.updated = sandbox.now()
    return JSONResponse(account_json(account, sandbox.workspace.id, sandbox.faults.skew))


def _change(account: Account, body: dict[str, Any]) -> None:
    commands = ("warmup", "first_name", "last_name", "skip_cname_check", "remove_tracking_domain")
    account.warmup = {**account.warmup, **body.get("warmup", {})}
    account.first_name = body.get("first_name", account.first_name)
    account.last_name = body.get("last_name", account.last_name)
    account.settings |= {key: value for key, value in body.items() if key not in commands}


@router.post("/accounts/warmup/enable")
async def enable_warmup(request: Request) -> JSONResponse:
    body = parsed(await request.body())
    return accepted(request, submit_warmup(sandbox_of(request), body, script_for(request), enable=True))


@router.post("/accounts/warmup/disable")
async def disable_warmup(request: Request) -> JSONResponse:
    body = parsed(await request.body())
    return accepted(request, submit_warmup(sandbox_of(request), body, script_for(request), enable=False))
