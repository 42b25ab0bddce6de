from typing import Any

import httpx
import pytest

from leadmoves.outcome.report import Verified
from leadmoves.verify import SAMPLE, verify
from sandbox import Fault
from tests.leadmoves.scene import Saying, Scene, client, virtually

ID = "66" * 12
LEADS = "/api/v2/leads/list"


@pytest.mark.parametrize("more", [{}, {"copy_leads": True}])
@virtually
async def test_a_sample_of_moved_leads_is_found_at_the_destination(more: dict[str, Any]) -> None:
    scene = Scene()
    body = scene.body(leads=40, **more)
    job = await scene.api.move_leads(body)
    await scene.clock.sleep(100)

    assert await verify(scene.api, scene.clock, job.id, body) == Verified(checked=SAMPLE, wrong=0)


@virtually
async def test_leads_that_are_elsewhere_are_told() -> None:
    scene = Scene()
    body = scene.body(leads=40)
    job = await scene.api.move_leads(body)
    await scene.clock.sleep(100)
    elsewhere = body | {"to_campaign_id": scene.sandbox.workspace.add_campaign("Elsewhere").id}

    assert await verify(scene.api, scene.clock, job.id, elsewhere) == Verified(checked=SAMPLE, wrong=SAMPLE)


@virtually
async def test_fewer_leads_than_a_sample_are_all_read() -> None:
    scene = Scene()
    body = scene.body(leads=2)
    job = await scene.api.move_leads(body)
    await scene.clock.sleep(100)

    assert await verify(scene.api, scene.clock, job.id, body) == Verified(checked=2, wrong=0)


@virtually
async def test_an_address_that_is_several_leads_is_looked_up_once() -> None:
    scene = Scene()
    body = scene.body(leads=3)
    job = await scene.api.move_leads(body)
    await scene.clock.sleep(100)
    emails = scene.sandbox.jobs.by_id[job.id].result["moved_lead_emails"]
    emails.extend([emails[0].upper(), emails[0]])

    assert await verify(scene.api, scene.clock, job.id, body) == Verified(checked=3, wrong=0)


@pytest.mark.parametrize("emails", [None, [], "many", {"a": 1}])
@virtually
async def test_a_job_that_names_no_address_leaves_nothing_to_check(emails: object) -> None:
    api = client(Saying(lambda _: {"id": ID, "status": "success", "data": {"moved_lead_emails": emails}}))

    assert await verify(api, Scene().clock, ID, {"to_list_id": "x"}) == Verified()


@pytest.mark.parametrize("status", [401, 403, 404, 500])
@virtually
async def test_leads_that_may_not_be_read_are_not_called_wrong(status: int) -> None:
    scene = Scene()
    body = scene.body(leads=3)
    job = await scene.api.move_leads(body)
    await scene.clock.sleep(100)
    scene.sandbox.faults.add(Fault(kind="status", status=status, path=LEADS, count=None))

    assert await verify(scene.api, scene.clock, job.id, body) is None


@virtually
async def test_leads_that_show_late_are_asked_for_again() -> None:
    asked = 0

    def says(request: httpx.Request) -> dict[str, Any]:
        nonlocal asked
        if "background-jobs" in request.url.path:
            return {"id": ID, "status": "success", "data": {"moved_lead_emails": ["a@example.com"]}}
        if request.method == "POST":
            asked += 1
            return {"items": [{"id": "lead", "email": "A@example.com"}] if asked > 2 else []}
        return {"id": "lead", "list_id": "GOAL"}

    assert await verify(client(Saying(says)), Scene().clock, ID, {"to_list_id": "goal"}) == Verified(checked=1)
    assert asked == 3
