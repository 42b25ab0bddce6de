"""The sandbox's own endpoints: faults switched on and off, what was seen, what there is."""

import json
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import ValidationError

from sandbox.checks import Refusal
from sandbox.faults import Fault
from sandbox.routes_jobs import sandbox_of

router = APIRouter(prefix="/sandbox")


@router.post("/faults")
async def add_faults(request: Request) -> JSONResponse:
    """One fault, or a list of them."""
    try:
        given = json.loads(await request.body())
        faults = [Fault.model_validate(one) for one in (given if isinstance(given, list) else [given])]
    except (ValueError, ValidationError) as wrong:
        raise Refusal(400, str(wrong)) from None
    sandbox_of(request).faults.add(*faults)
    return JSONResponse(sandbox_of(request).faults.rows())


@router.get("/faults")
async def list_faults(request: Request) -> JSONResponse:
    return JSONResponse(sandbox_of(request).faults.rows())


@router.delete("/faults")
async def clear_faults(request: Request) -> JSONResponse:
    sandbox_of(request).faults.clear()
    return JSONResponse([])


@router.get("/stats")
async def stats(request: Request) -> JSONResponse:
    sandbox = sandbox_of(request)
    return JSONResponse(sandbox.stats_now())


@router.get("/places")
async def places(request: Request) -> JSONResponse:
    """Every list and campaign with its number of leads."""
    workspace = sandbox_of(request).workspace
    rows: list[dict[str, Any]] = [
        {"id": place.id, "kind": place.kind, "name": place.name, "leads": workspace.size(place.id)}
        for place in workspace.places.values()
    ]
    return JSONResponse(rows)
