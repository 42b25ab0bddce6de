"""The way to the sandbox and back: what was sent arrives even where its sender died, and may arrive late."""

import asyncio
from collections.abc import Awaitable, Callable

import httpx

Sleep = Callable[[float], Awaitable[None]]


class Wire(httpx.AsyncBaseTransport):
    """A transport whose far end outlives its near end.

    Args:
        inner: the sandbox in process.
        late: for each POST of ours, seconds after the client's time-out when the server gets to it; None: at once.

    """

    def __init__(self, inner: httpx.AsyncBaseTransport, sleep: Sleep, late: list[float | None]) -> None:
        self._inner = inner
        self._sleep = sleep
        self._late = late
        self._working: set[asyncio.Task[httpx.Response]] = set()
        self.posts = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        late = self._lateness(request)
        if late is None:
            return await asyncio.shield(self._server(request, 0.0))
        patience = request.extensions["timeout"]["read"]
        self._server(request, patience + late)
        await self._sleep(patience)
        raise httpx.ReadTimeout("no answer within the read timeout", request=request)

    def _lateness(self, request: httpx.Request) -> float | None:
        if request.method != "POST":
            return None
        self.posts += 1
        return self._late.pop(0) if self._late else None

    def _server(self, request: httpx.Request, delay: float) -> "asyncio.Task[httpx.Response]":
        task = asyncio.create_task(self._answer(request, delay))
        self._working.add(task)
        task.add_done_callback(self._over)
        return task

    async def _answer(self, request: httpx.Request, delay: float) -> httpx.Response:
        await self._sleep(delay)
        return await self._inner.handle_async_request(request)

    def _over(self, task: "asyncio.Task[httpx.Response]") -> None:
        self._working.discard(task)
        if not task.cancelled():
            task.exception()  # nobody may be left to hear it
