"""Answers held against the vendor's own description, where it is at hand."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

if TYPE_CHECKING:
    import httpx

    from .conftest import Scene

BESIDE = Path(__file__).parents[3] / "shared" / "facts" / "instantly-openapi.json"
Hold = Callable[["httpx.Response", str], None]


@pytest.fixture(scope="module")
def hold() -> Hold:
    """Hold an answer against the description of its endpoint, e.g. "post /api/v2/leads/move"."""
    path = Path(os.environ.get("LEAD_MOVES_VENDOR_API") or BESIDE)
    if not path.is_file():
        pytest.skip("the vendor's API description is not here: set LEAD_MOVES_VENDOR_API to its path")
    document = json.loads(path.read_text())
    lead = document["components"]["schemas"]["Lead"]["properties"]
    lead["status"]["enum"].append(0)  # recorded for leads in lists, though the enum lacks it
    del lead["lt_interest_status"]["enum"]  # its own text allows custom values beyond the enum

    def held(answer: "httpx.Response", endpoint: str) -> None:
        method, template = endpoint.split()
        said = document["paths"][template][method]["responses"][str(answer.status_code)]
        schema = {**said["content"]["application/json"]["schema"], "components": document["components"]}
        Draft202012Validator(schema).validate(answer.json())

    return held


async def test_jobs_are_as_described(full: "Scene", hold: Hold) -> None:
    places = full.sandbox.workspace
    post = await full.move(places.named("EU prospects"), places.named("Q4 outreach"), limit=5)
    warm = await full.client.post("/api/v2/accounts/warmup/enable", json={"emails": ["ana@example.com"]})
    cold = await full.client.post("/api/v2/accounts/warmup/disable", json={"emails": ["ana@example.com"]})
    full.clock.time += 60

    hold(post, "post /api/v2/leads/move")
    hold(warm, "post /api/v2/accounts/warmup/enable")
    assert cold.status_code == 409  # not described, but seen
    hold(await full.client.get("/api/v2/background-jobs"), "get /api/v2/background-jobs")
    one = await full.client.get(f"/api/v2/background-jobs/{post.json()['id']}")
    hold(one, "get /api/v2/background-jobs/{id}")


async def test_leads_are_as_described(full: "Scene", hold: Hold) -> None:
    cursor: dict[str, Any] = {}
    for _ in range(3):
        page = await full.client.post("/api/v2/leads/list", json={"limit": 100, "in_campaign": True, **cursor})
        hold(page, "post /api/v2/leads/list")
        cursor = {"starting_after": page.json()["next_starting_after"]}
    hold(
        await full.client.get(f"/api/v2/leads/{next(iter(full.sandbox.workspace.leads))}"), "get /api/v2/leads/{id}"
    )
    hold(await full.client.post("/api/v2/leads/list", json={"limit": 101}), "post /api/v2/leads/list")


@pytest.mark.parametrize("path", ["accounts", "lead-lists", "campaigns", "campaigns/analytics"])
async def test_lists_are_as_described(full: "Scene", hold: Hold, path: str) -> None:
    hold(await full.client.get(f"/api/v2/{path}"), f"get /api/v2/{path}")


async def test_single_things_are_as_described(full: "Scene", hold: Hold) -> None:
    a_list, a_campaign = (full.sandbox.workspace.named(name).id for name in ("EU prospects", "Q4 outreach"))
    stats = "/api/v2/lead-lists/{id}/verification-stats"

    hold(await full.client.get(f"/api/v2/lead-lists/{a_list}"), "get /api/v2/lead-lists/{id}")
    hold(await full.client.get(stats.replace("{id}", a_list)), f"get {stats}")
    hold(await full.client.get(f"/api/v2/campaigns/{a_campaign}"), "get /api/v2/campaigns/{id}")
    hold(await full.client.get("/api/v2/accounts/cleo%40example.com"), "get /api/v2/accounts/{email}")
    changed = await full.client.patch("/api/v2/accounts/dan%40example.com", json={"signature": None})
    hold(changed, "patch /api/v2/accounts/{email}")


@pytest.mark.parametrize("status", [401, 402, 404, 429])
async def test_refusals_are_as_described(full: "Scene", hold: Hold, status: int) -> None:
    await full.client.post("/sandbox/faults", json={"kind": "status", "status": status})

    hold(await full.client.get("/api/v2/background-jobs"), "get /api/v2/background-jobs")
