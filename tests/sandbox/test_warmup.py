"""Warmup is a job too, and its success says little."""

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import httpx

    from .conftest import Scene

ENABLE = "/api/v2/accounts/warmup/enable"
DISABLE = "/api/v2/accounts/warmup/disable"


async def ended(scene: "Scene", path: str, **body: Any) -> dict[str, Any]:
    answer: httpx.Response = await scene.client.post(path, json=body)
    scene.clock.time += 60
    return await scene.job(answer.json()["id"])


async def test_an_unknown_address_fails_inside_a_job_that_succeeds(full: "Scene") -> None:
    job = await ended(full, ENABLE, emails=["ana@example.com", "who@example.com"])

    data = job["data"]
    assert (job["status"], job["type"], job["entity_type"]) == ("success", "update-warmup-accounts", "workspace")
    assert job["entity_id"] == job["workspace_id"]
    assert (data["success_count"], data["failed_count"], data["total_to_process"]) == (1, 1, 2)
    assert [(row["email"], row["error"]) for row in data["processed_emails"]] == [
        ("ana@example.com", None),
        ("who@example.com", "Account not found"),
    ]
    assert data["filters"].keys() == {"emails", "includeAllEmails", "excludedEmails", "filter", "search"}
    assert (await full.client.get("/api/v2/accounts/ana%40example.com")).json()["warmup_status"] == 1


async def test_a_banned_account_stays_banned_and_a_warm_one_stays_warm(full: "Scene") -> None:
    job = await ended(full, ENABLE, emails=["ben@example.com", "cleo@example.com"])

    assert (job["data"]["success_count"], job["data"]["failed_count"]) == (1, 1)
    assert full.sandbox.workspace.accounts["cleo@example.com"].warmup_status == -1


async def test_all_accounts_can_be_switched_but_some(full: "Scene") -> None:
    paused = {"filter": "ACC_FILTER_W_PAUSED"}

    on = await ended(full, ENABLE, include_all_emails=True, excluded_emails=["dan@example.com"], filter=paused)
    off = await ended(full, DISABLE, include_all_emails=True, search="ben")

    assert [row["email"] for row in on["data"]["processed_emails"]] == ["ana@example.com"]
    assert (off["data"]["warmup_status"], off["data"]["success_count"]) == (0, 1)
    assert full.sandbox.workspace.accounts["ben@example.com"].warmup_status == 0


async def test_a_second_warmup_at_the_same_time_is_a_409(full: "Scene") -> None:
    first = await full.client.post(ENABLE, json={"emails": ["ana@example.com"]})

    assert (await full.client.post(DISABLE, json={"emails": ["ben@example.com"]})).status_code == 409
    full.clock.time += 60
    assert (await full.job(first.json()["id"]))["status"] == "success"
    assert (await full.client.post(DISABLE, json={"emails": ["ben@example.com"]})).status_code == 200


@pytest.mark.parametrize("name", ["emails", "excluded_emails"])
async def test_more_than_100_addresses_are_a_400(full: "Scene", name: str) -> None:
    assert (await full.client.post(ENABLE, json={name: ["a@example.com"] * 101})).status_code == 400
