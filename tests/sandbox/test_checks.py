"""What is refused, and in which words."""

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .conftest import Scene

JSON = {"content-type": "application/json"}


async def test_no_key_and_a_wrong_key_are_a_401(scene: "Scene") -> None:
    wrong = await scene.client.get("/api/v2/campaigns", headers={"authorization": "Bearer other"})
    del scene.client.headers["authorization"]
    missing = await scene.client.get("/api/v2/campaigns")

    assert (wrong.status_code, missing.status_code) == (401, 401)
    assert missing.json() == {"statusCode": 401, "error": "Unauthorized", "message": "Missing Authorization header"}


@pytest.mark.parametrize("path", ["leads/move", "leads/list", "accounts/warmup/enable"])
@pytest.mark.parametrize("body", [b"", b"{", b"[]"])
async def test_an_empty_or_broken_json_body_is_a_400(scene: "Scene", path: str, body: bytes) -> None:
    answer = await scene.client.post(f"/api/v2/{path}", content=body, headers=JSON)

    assert (answer.status_code, answer.json()["error"]) == (400, "Bad Request")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"ids": "x"}, "body/ids must be array"),
        ({"ids": ["x"]}, 'body/ids/0 must match format "uuid"'),
        ({"contacts": ["nobody"]}, 'body/contacts/0 must match format "email"'),
        ({"limit": "5"}, "body/limit must be number"),
        ({"limit": True}, "body/limit must be number"),
        ({"esp_code": 4}, "body/esp_code must be equal to one of the allowed values"),
        ({"esg_code": 1}, "body/esg_code must be string"),
        ({"queries": [{"values": {}}]}, "body/queries/0 must have required property 'actionType'"),
        ({"queries": [{"actionType": "reply", "values": 1}]}, "body/queries/0/values must be object"),
    ],
)
async def test_known_keys_of_a_wrong_type_are_a_400(scene: "Scene", body: dict[str, Any], message: str) -> None:
    source, destination = scene.small()

    answer = await scene.move(source, destination, **body)

    assert (answer.status_code, answer.json()["message"]) == (400, message)


@pytest.mark.parametrize(("limit", "status"), [("0", 400), ("1", 200), ("100", 200), ("101", 400), ("many", 400)])
@pytest.mark.parametrize("path", ["background-jobs", "accounts", "lead-lists", "campaigns"])
async def test_a_page_has_1_to_100_rows_and_more_is_a_400(
    scene: "Scene", path: str, limit: str, status: int
) -> None:
    assert (await scene.client.get(f"/api/v2/{path}", params={"limit": limit})).status_code == status


async def test_an_unknown_path_is_a_404_in_the_same_envelope(scene: "Scene") -> None:
    answer = await scene.client.get("/api/v2/nowhere")

    assert answer.status_code == 404
    assert answer.json().keys() == {"statusCode", "error", "message"}
