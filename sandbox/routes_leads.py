"""Leads: moved, listed, read."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from sandbox.checks import LIST_FIELDS, check, not_found, page_limit, parsed
from sandbox.leads import Lead, lead_json
from sandbox.moves import submit_move
from sandbox.routes_jobs import accepted, sandbox_of, script_for
from sandbox.selection import select

router = APIRouter(prefix="/api/v2/leads")


@router.post("/move")
async def move(request: Request) -> JSONResponse:
    body = parsed(await request.body())
    return accepted(request, submit_move(sandbox_of(request), body, script_for(request)))


@router.post("/list")
async def list_leads(request: Request) -> JSONResponse:
    """A page by id ascending; the cursor comes with the last non-empty page too."""
    sandbox = sandbox_of(request)
    body = parsed(await request.body())
    check(body, LIST_FIELDS)
    distinct = bool(body.get("distinct_contacts"))
    page = list(islice(_found(request, body, distinct=distinct), page_limit(body.get("limit"), "body")))
    workspace, skew = sandbox.workspace, sandbox.faults.skew
    answer: dict[str, Any] = {"items": [lead_json(lead, workspace.id, skew) for lead in page]}
    if page:
        answer["next_starting_after"] = page[-1].email if distinct else page[-1].id
    return JSONResponse(answer)


def _found(request: Request, body: Mapping[str, Any], *, distinct: bool) -> Iterator[Lead]:
    sandbox = sandbox_of(request)
    after = str(body.get("starting_after") or "")
    if not distinct:
        return select(sandbox.workspace, body, sandbox.now(), after)
    return _one_per_email(select(sandbox.workspace, body, sandbox.now()), after)


def _one_per_email(leads: Iterable[Lead], after: str) -> Iterator[Lead]:
    first: dict[str, Lead] = {}
    for lead in leads:
        if lead.email and lead.email > after:
            first.setdefault(lead.email, lead)
    return (first[email] for email in sorted(first))


@router.get("/{lead_id}")
async def read_lead(request: Request, lead_id: str) -> JSONResponse:
    sandbox = sandbox_of(request)
    lead = sandbox.workspace.leads.get(lead_id)
    if lead is None:
        raise not_found()
    return JSONResponse(lead_json(lead, sandbox.workspace.id, sandbox.faults.skew))
