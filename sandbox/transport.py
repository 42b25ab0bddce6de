"""The sandbox in process, for httpx: what breaks a connection on a socket is an httpx error here.

refuse-connection → ConnectError · lost request or answer → ReadError · hang beyond the read timeout → ReadTimeout
"""

from typing import TYPE_CHECKING

import httpx

from sandbox.gate import Asked, ConnectionLost, answer

if TYPE_CHECKING:
    from sandbox.app import Sandbox


class InProcess(httpx.AsyncBaseTransport):
    """A transport without a socket, on the sandbox's own time."""

    def __init__(self, sandbox: "Sandbox") -> None:
        self._sandbox = sandbox

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        sandbox = self._sandbox
        if sandbox.settings.latency:
            await sandbox.sleep(sandbox.settings.latency)
        try:
            reply = await answer(sandbox, await _asked(request))
        except ConnectionLost as lost:
            if lost.connected:
                raise httpx.ReadError("the connection was reset", request=request) from None
            raise httpx.ConnectError("the connection was refused", request=request) from None
        await self._hang(reply.hang, request)
        sandbox.stats.delivered(reply.seen_ended, sandbox.now())
        return httpx.Response(reply.status, headers=list(reply.headers), content=reply.body, request=request)

    async def _hang(self, seconds: float, request: httpx.Request) -> None:
        """Wait as long as the client would, and give up as it would."""
        if not seconds:
            return
        patience = request.extensions.get("timeout", {}).get("read")
        if patience is not None and patience < seconds:
            await self._sandbox.sleep(patience)
            raise httpx.ReadTimeout("no answer within the read timeout", request=request)
        await self._sandbox.sleep(seconds)


async def _asked(request: httpx.Request) -> Asked:
    raw_path, _, query = request.url.raw_path.partition(b"?")
    return Asked(request.method, raw_path, query, tuple(request.headers.raw), await request.aread())
