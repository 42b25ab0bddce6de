"""A sandbox in virtual time with our own client before it, and a transport that says whatever a test wants."""

import functools
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from random import Random
from typing import Any, ParamSpec, TypeVar

import httpx
from pydantic import SecretStr

from leadmoves.api import Instantly
from leadmoves.api.pace import Pace, pace_alone
from leadmoves.clock import LoopClock, run_virtually
from sandbox import Sandbox, Settings, Workspace, seeded

P = ParamSpec("P")
T = TypeVar("T")

KEY = "sandbox-key"


def virtually(test: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, T]:
    """The test in virtual time."""

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        return run_virtually(test(*args, **kwargs))

    return run


def client(transport: httpx.AsyncBaseTransport, pace: Pace | None = None, **how: Any) -> Instantly:
    """Our client, on the running loop's time."""
    clock = LoopClock()
    how = {"clock": clock, "rng": Random(1)} | how
    key = SecretStr(how.pop("key", KEY))
    return Instantly(
        key, "http://sandbox", pace=pace or pace_alone(10_000, 600_000, clock), transport=transport, **how
    )


class Scene:
    """A sandbox and a client. Make it inside of a test that runs virtually."""

    def __init__(self, leads: int = 0, pace: Pace | None = None, **settings: Any) -> None:
        self.clock = LoopClock()
        workspace = seeded(leads, 1, self.clock.now()) if leads else Workspace(1)
        limits = {"per_second": None, "per_minute": None}
        self.sandbox = Sandbox(workspace, Settings(**(limits | settings)), self.clock.now, self.clock.sleep)
        self.api = client(self.sandbox.transport(), pace)

    def body(self, leads: int = 1, **more: Any) -> dict[str, Any]:
        """A move from a list of its own to a campaign of its own."""
        source = self.sandbox.workspace.add_list("Source")
        destination = self.sandbox.workspace.add_campaign("Destination")
        self.sandbox.workspace.add_leads(source, leads)
        return {"list_id": source.id, "to_campaign_id": destination.id, **more}

    async def moved(self, leads: int = 1, **more: Any) -> str:
        """The id of a move's job that has ended."""
        job = await self.api.move_leads(self.body(leads, **more))
        await self.clock.sleep(1_000)
        return job.id

    @property
    def requests(self) -> Mapping[str, int]:
        return self.sandbox.stats.requests


Says = Callable[[httpx.Request], httpx.Response | Exception | Mapping[str, Any]]


class Saying(httpx.AsyncBaseTransport):
    """A server that says what a function says, and remembers what it was asked."""

    def __init__(self, says: Says, before: Callable[[], Awaitable[None]] | None = None) -> None:
        self._says = says
        self._before = before
        self.asked: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if self._before:
            await self._before()
        said = self._says(request)
        if isinstance(said, Exception):
            raise said
        if isinstance(said, httpx.Response):
            said.request = request
            return said
        return httpx.Response(200, json=said, request=request)
