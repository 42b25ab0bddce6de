"""A sandbox on a clock that only moves when told, and a client that talks to it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from sandbox import Fault, Sandbox, Script, Workspace, create

if TYPE_CHECKING:
    from sandbox.workspace import Place

MOVE = "/api/v2/leads/move"
JOBS = "/api/v2/background-jobs"
KEY = {"authorization": "Bearer sandbox-key"}


class Clock:
    """Virtual time: to sleep is to let it pass."""

    def __init__(self) -> None:
        self.time = 1_790_000_000.0

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += seconds


@dataclass
class Scene:
    """One sandbox, its clock, a client with the key."""

    clock: Clock
    sandbox: Sandbox
    client: httpx.AsyncClient

    def small(self, leads: int = 10) -> "tuple[Place, Place]":
        """A list with some leads of its own, and an empty campaign."""
        workspace = self.sandbox.workspace
        source, destination = workspace.add_list("Small"), workspace.add_campaign("Empty")
        workspace.add_leads(source, leads, self.clock.time)
        return source, destination

    async def move(self, source: "Place", destination: "Place", **more: Any) -> httpx.Response:
        keys = {"list": ("list_id", "to_list_id"), "campaign": ("campaign", "to_campaign_id")}
        body = {keys[source.kind][0]: source.id, keys[destination.kind][1]: destination.id, **more}
        return await self.client.post(MOVE, json=body)

    async def moved(self, source: "Place", destination: "Place", **more: Any) -> dict[str, Any]:
        """The data of a move that was let come to its end."""
        answer = await self.move(source, destination, **more)
        assert answer.status_code == 200, answer.text
        self.clock.time += 1_000
        data: dict[str, Any] = (await self.job(answer.json()["id"]))["data"]
        return data

    async def job(self, job_id: str, **query: str) -> dict[str, Any]:
        job: dict[str, Any] = (await self.client.get(f"{JOBS}/{job_id}", params=query)).json()
        return job

    async def rows(self, **query: Any) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = (await self.client.get(JOBS, params=query)).json()["items"]
        return items

    def script(self, **script: Any) -> None:
        self.sandbox.faults.add(Fault(kind="job", script=Script(**script)))


def scene_of(sandbox: Sandbox, clock: Clock) -> Scene:
    return Scene(
        clock, sandbox, httpx.AsyncClient(transport=sandbox.transport(), base_url="http://sandbox", headers=KEY)
    )


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def scene(clock: Clock) -> AsyncIterator[Scene]:
    made = scene_of(Sandbox(Workspace(seed=1), now=clock.now, sleep=clock.sleep), clock)
    async with made.client:
        yield made


@pytest.fixture
async def full(clock: Clock) -> AsyncIterator[Scene]:
    """The same over a workspace of 2,000 leads with everything in it."""
    made = scene_of(create(2_000, 7, now=clock.now, sleep=clock.sleep), clock)
    async with made.client:
        yield made
