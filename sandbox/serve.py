"""The sandbox on a real socket: uvicorn, with connections that a fault can cut off without a word."""

import asyncio
import logging
import socket
import struct
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, MutableMapping
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from sandbox.gate import Asked, ConnectionLost, answer

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from sandbox.app import Sandbox

# SO_LINGER on, 0 s: close sends a reset, which is what a crashed peer or a dropped connection looks like
RESET = struct.pack("ii", 1, 0)
STOP_SECONDS = 5.0  # a thread that needs longer to start or to stop is stuck


class Cuttable(H11Protocol):
    """A connection that hands the application a way to reset it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)

        def cut() -> None:
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            transport.abort()

        self.app_state = {**self.app_state, "cut": cut}


class Served:
    """The sandbox as an ASGI application."""

    def __init__(self, sandbox: "Sandbox") -> None:
        self._sandbox = sandbox

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        sandbox = self._sandbox
        asked = Asked(
            scope["method"], scope["raw_path"], scope["query_string"], tuple(scope["headers"]), await _read(receive)
        )
        if sandbox.settings.latency:
            await sandbox.sleep(sandbox.settings.latency)
        try:
            reply = await answer(sandbox, asked)
        except ConnectionLost:
            await _cut(scope, receive)
            return
        if reply.hang and not await _outlast(sandbox.sleep(reply.hang), receive):
            return
        length = (b"content-length", str(len(reply.body)).encode())
        headers = [*(pair for pair in reply.headers if pair[0] != b"content-length"), length]
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": reply.body})
        sandbox.stats.delivered(reply.seen_ended, sandbox.now())


async def _read(receive: "Receive") -> bytes:
    parts: list[bytes] = []
    more = True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)


async def _outlast(hang: Awaitable[None], receive: "Receive") -> bool:
    """Whether the client is still there when the hang is over."""
    waits = [asyncio.ensure_future(hang), asyncio.ensure_future(receive())]  # what is received now is a disconnect
    _, pending = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for wait in pending:
        wait.cancel()
    return not waits[1].done()


async def _cut(scope: MutableMapping[str, Any], receive: "Receive") -> None:
    """Reset the connection, and wait until the server knows, or it would answer 500 to nobody."""
    cut: Callable[[], None] = scope["state"]["cut"]
    cut()
    while (await receive())["type"] != "http.disconnect":
        pass


class _Server(uvicorn.Server):
    """A server that says when it listens."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()


def _server(sandbox: "Sandbox", ready: Callable[[], None]) -> _Server:
    config = uvicorn.Config(
        Served(sandbox),
        http=Cuttable,
        ws="none",
        lifespan="off",
        log_level=logging.WARNING,
        access_log=False,
        date_header=False,  # ours follows the sandbox's clock
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=1,  # a hanging request must not hold the end of a test
    )
    return _Server(config, ready)


def _bound(host: str, port: int) -> tuple[socket.socket, str]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind((host, port))
    shown = f"[{host}]" if family == socket.AF_INET6 else host
    return bound, f"http://{shown}:{bound.getsockname()[1]}"


def serve(
    sandbox: "Sandbox", host: str = "127.0.0.1", port: int = 0, ready: Callable[[str], None] | None = None
) -> None:
    """Serve until interrupted; `ready` is told the address once it listens."""
    bound, url = _bound(host, port)
    with bound, suppress(KeyboardInterrupt):
        _server(sandbox, lambda: ready(url) if ready else None).run(sockets=[bound])


@contextmanager
def running(sandbox: "Sandbox", host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """The sandbox on a socket for as long as the block lasts, in a thread of its own."""
    bound, url = _bound(host, port)
    ready = threading.Event()
    server = _server(sandbox, ready.set)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, name="sandbox", daemon=True)
    with bound:
        thread.start()
        if not ready.wait(STOP_SECONDS):
            raise RuntimeError("the sandbox did not start to listen")
        try:
            yield url
        finally:
            server.should_exit = True
            thread.join(STOP_SECONDS)
            if thread.is_alive():
                raise RuntimeError("the sandbox did not stop")


@asynccontextmanager
async def listening(sandbox: "Sandbox", host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
    """The same for callers with a loop, which must not be held up meanwhile."""
    context = running(sandbox, host, port)
    url = await asyncio.to_thread(context.__enter__)
    try:
        yield url
    finally:
        await asyncio.to_thread(context.__exit__, None, None, None)
