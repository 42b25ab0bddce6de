"""The recorded behaviour of POST /leads/move."""

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .conftest import Scene

STRANGER = "019f0000-ffff-7000-8000-000000000000"


async def test_the_post_answers_a_pending_job_that_echoes_the_request(scene: "Scene") -> None:
    source, destination = scene.small()

    job = (await scene.move(source, destination, limit=3, check_duplicates=True, odd_key=[1])).json()

    sent = {
        "list_id": source.id,
        "to_campaign_id": destination.id,
        "limit": 3,
        "check_duplicates": True,
        "odd_key": [1],
    }
    assert job["data"] == {"filters": sent}
    assert (job["type"], job["status"], job["progress"], job["user_id"]) == ("move-leads", "pending", 0, None)
    assert (job["entity_type"], job["entity_id"]) == ("list", source.id)
    assert len(job["id"]) == 24
    assert int(job["id"], 16)


async def test_a_misspelt_selector_moves_the_whole_list_of_ten(scene: "Scene") -> None:
    source, destination = scene.small(10)
    one = next(iter(scene.sandbox.workspace.members(source.id)))

    data = await scene.moved(source, destination, lead_ids=[one.id])

    assert data["filters"]["lead_ids"] == [one.id]
    assert (data["total_leads"], data["moved_leads"]) == (10, 10)
    assert scene.sandbox.workspace.size(destination.id) == 10


async def test_ids_of_another_source_end_in_success_with_nothing_moved(scene: "Scene") -> None:
    source, destination = scene.small(10)
    elsewhere = scene.sandbox.workspace.add_list("Elsewhere")
    foreign = scene.sandbox.workspace.add_leads(elsewhere, 2)

    data = await scene.moved(source, destination, ids=[lead.id for lead in foreign])

    assert (data["total_leads"], data["moved_leads"]) == (0, 0)
    assert (await scene.rows())[0]["status"] == "success"


async def test_ids_without_a_source_are_a_400(scene: "Scene") -> None:
    _, destination = scene.small()

    answer = await scene.client.post(
        "/api/v2/leads/move", json={"ids": [STRANGER], "to_campaign_id": destination.id}
    )

    assert answer.status_code == 400
    assert answer.json() == {
        "statusCode": 400,
        "error": "Bad Request",
        "message": "A source campaign or list is required for bulk move operations",
    }


async def test_a_move_keeps_the_id_drops_the_list_and_activates_the_lead(scene: "Scene") -> None:
    source, destination = scene.small(1)
    (lead,) = scene.sandbox.workspace.members(source.id)
    before = (await scene.client.get(f"/api/v2/leads/{lead.id}")).json()

    await scene.moved(source, destination)

    after = (await scene.client.get(f"/api/v2/leads/{lead.id}")).json()
    assert (before["list_id"], before["status"]) == (source.id, 0)
    assert (after["campaign"], after["status"]) == (destination.id, 1)
    assert "list_id" not in after
    assert after["timestamp_updated"] > before["timestamp_updated"]


async def test_a_move_back_into_a_list_drops_the_campaign(scene: "Scene") -> None:
    source, destination = scene.small(2)
    await scene.moved(source, destination)

    data = await scene.moved(destination, source)

    assert data["leads_missing_email"] is None
    assert {lead.campaign for lead in scene.sandbox.workspace.members(source.id)} == {None}
    assert (await scene.rows())[0]["entity_type"] == "campaign"


async def test_a_copy_makes_new_ids_and_keeps_the_source(scene: "Scene") -> None:
    source, destination = scene.small(3)

    data = await scene.moved(source, destination, copy_leads=True)

    workspace = scene.sandbox.workspace
    assert data["moved_leads"] == 3
    assert (workspace.size(source.id), workspace.size(destination.id)) == (3, 3)
    assert not {lead.id for lead in workspace.members(source.id)} & {
        lead.id for lead in workspace.members(destination.id)
    }


async def test_limit_caps_and_a_second_post_moves_other_leads(scene: "Scene") -> None:
    source, destination = scene.small(10)

    first = await scene.moved(source, destination, limit=4)
    second = await scene.moved(source, destination, limit=4)

    assert not set(first["moved_lead_emails"]) & set(second["moved_lead_emails"])
    assert scene.sandbox.workspace.size(source.id) == 2


async def test_each_lead_left_out_is_counted_by_its_reason_and_stays(scene: "Scene") -> None:
    source, destination = scene.small(6)
    workspace = scene.sandbox.workspace
    twin_here, twin_there, blocked, nameless, *_ = workspace.members(source.id)
    other = workspace.add_campaign("Other")
    for twin, place in ((twin_here, destination), (twin_there, other)):
        workspace.add_lead(replace(twin, id=workspace.new_id(), list_id=None, campaign=place.id))
    workspace.blocked.add(blocked.email or "")
    nameless.email = None

    data = await scene.moved(source, destination, check_duplicates=True, check_duplicates_in_campaigns=True)

    assert data["total_leads"] == 6
    assert data["moved_leads"] == 2
    assert data["duplicated_leads"] == 1
    assert data["leads_in_other_campaigns"] == 1
    assert data["ignored_leads_from_blocklist"] == 1
    assert data["leads_missing_email"] == 1
    assert len(data["moved_lead_emails"]) == 2
    assert workspace.size(source.id) == 4


async def test_without_the_checks_duplicates_move_too(scene: "Scene") -> None:
    source, destination = scene.small(2)
    await scene.moved(source, destination, copy_leads=True)

    assert (await scene.moved(source, destination, copy_leads=True))["moved_leads"] == 2
    assert (await scene.moved(source, destination, check_duplicates=True))["duplicated_leads"] == 2


async def test_leads_in_verification_can_be_left_out(scene: "Scene") -> None:
    source, destination = scene.small(3)
    next(iter(scene.sandbox.workspace.members(source.id))).verification = 12

    assert (await scene.moved(source, destination, skip_leads_in_verification=True))["total_leads"] == 2


async def test_assigning_and_resetting_interest_change_the_lead(scene: "Scene") -> None:
    source, destination = scene.small(1)
    (lead,) = scene.sandbox.workspace.members(source.id)
    lead.interest = 1

    await scene.moved(source, destination, assigned_to=STRANGER, reset_interest_status=True)

    assert (lead.assigned_to, lead.interest) == (STRANGER, None)


async def test_while_a_move_runs_its_source_and_destination_are_locked(scene: "Scene") -> None:
    source, destination = scene.small()
    other = scene.sandbox.workspace.add_list("Other")
    third = scene.sandbox.workspace.add_campaign("Third")
    await scene.move(source, destination)

    from_source = await scene.move(source, third)
    to_destination = await scene.move(other, destination)
    apart = await scene.move(other, third)

    assert (from_source.status_code, to_destination.status_code, apart.status_code) == (409, 409, 200)
    assert from_source.json()["message"].startswith(
        "There is a move-leads job in progress. You cannot add or remove"
    )
    scene.clock.time += 10
    assert (await scene.move(source, destination)).status_code == 200


async def test_unknown_places_are_a_404(scene: "Scene") -> None:
    source, destination = scene.small()

    lost = await scene.client.post(
        "/api/v2/leads/move", json={"list_id": STRANGER, "to_campaign_id": destination.id}
    )
    wrong_kind = await scene.client.post(
        "/api/v2/leads/move", json={"list_id": destination.id, "to_list_id": source.id}
    )

    assert (lost.status_code, wrong_kind.status_code) == (404, 404)
    assert lost.json()["message"] == "Resource not found"


async def test_the_selection_is_made_when_the_job_begins(scene: "Scene") -> None:
    source, destination = scene.small(3)
    answer = await scene.move(source, destination)
    scene.sandbox.workspace.add_leads(source, 2)

    scene.clock.time += 10

    assert (await scene.job(answer.json()["id"]))["data"]["total_leads"] == 5
