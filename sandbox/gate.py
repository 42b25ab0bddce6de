"""One request through the sandbox: counted, limited, struck by a fault or not, checked for its key, worked on.

arrive ─► limit ─► fault before the work ─► key ─► work ─► fault after the work ─► reply | ConnectionLost
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import format_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from sandbox.checks import Refusal, phrase
from sandbox.faults import ON_ANSWER, Fault

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message

    from sandbox.app import Sandbox
    from sandbox.jobs import Job

Headers = tuple[tuple[bytes, bytes], ...]
JSON: tuple[bytes, bytes] = (b"content-type", b"application/json; charset=utf-8")
HTML: tuple[bytes, bytes] = (b"content-type", b"text/html")
MESSAGES: Mapping[int, str] = {
    401: "Invalid API key",
    402: "Workspace does not have an active paid plan",
    403: "Insufficient scope",
    404: "Resource not found",
    429: "Rate limit exceeded",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, however it came in."""

    method: str
    raw_path: bytes
    query: bytes
    headers: Headers
    body: bytes

    @property
    def path(self) -> str:
        return unquote(self.raw_path.decode("ascii"))

    def header(self, name: bytes) -> str | None:
        return next((value.decode("latin-1") for key, value in self.headers if key.lower() == name), None)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, and how long it hangs before it is sent."""

    status: int
    headers: Headers
    body: bytes
    hang: float = 0.0
    seen_ended: tuple["Job", ...] = field(default=())


class ConnectionLost(Exception):
    """No answer will come; `connected` is False where not even a connection was made."""

    def __init__(self, *, connected: bool) -> None:
        super().__init__("the connection is gone")
        self.connected = connected


async def answer(sandbox: "Sandbox", asked: Asked) -> Reply:
    """What the API answers; ConnectionLost where a fault takes the connection."""
    path = asked.path
    if path.startswith("/sandbox/"):  # the switches need no key and know no limit
        return await _work(sandbox.app, asked)
    now = sandbox.now()
    sandbox.stats.arrived(sandbox.endpoint(asked.method, path), now)
    if not sandbox.limits.admit(now):
        sandbox.stats.throttled += 1
        return _dated(sandbox, _refused(Refusal(429, MESSAGES[429])))
    fault = sandbox.faults.draw(ON_ANSWER, asked.method, path)
    return _dated(sandbox, await _struck(sandbox, asked, fault))


async def _struck(sandbox: "Sandbox", asked: Asked, fault: Fault | None) -> Reply:
    if fault is None:
        return await _allowed(sandbox, asked)
    whole = await _allowed(sandbox, asked) if fault.works else None
    match fault.kind:
        case "refuse-connection" | "lose-request" | "lose-answer":
            raise ConnectionLost(connected=fault.kind != "refuse-connection")
        case "hang":
            late = whole or _refused(Refusal(504, "Gateway Timeout"))
            return replace(late, hang=fault.seconds)
        case "html":
            return Reply(fault.status, (HTML,), _page(fault.status))
        case "half-body":
            return _spoilt(whole, lambda body: body[: len(body) // 2])
        case "no-id":
            return _spoilt(whole, _without_id)
        case _:
            return _another_status(sandbox, fault)


async def _allowed(sandbox: "Sandbox", asked: Asked) -> Reply:
    """The work, for a bearer of the key."""
    given = asked.header(b"authorization")
    if given is None:
        return _refused(Refusal(401, "Missing Authorization header"))
    if given != f"Bearer {sandbox.settings.key}":
        return _refused(Refusal(401, MESSAGES[401]))
    sandbox.advance()
    return await _work(sandbox.app, asked)


async def _work(app: "ASGIApp", asked: Asked) -> Reply:
    """The answer of the application, gathered."""
    started: list[Message] = []
    parts: list[bytes] = []
    seen: list[Job] = []

    async def receive() -> "Message":
        return {"type": "http.request", "body": asked.body, "more_body": False}

    async def send(message: "Message") -> None:
        if message["type"] == "http.response.start":
            started.append(message)
        else:
            parts.append(message.get("body", b""))

    await app(_scope(asked, seen), receive, send)
    return Reply(started[0]["status"], tuple(started[0]["headers"]), b"".join(parts), seen_ended=tuple(seen))


def _scope(asked: Asked, seen: "list[Job]") -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": asked.method,
        "scheme": "http",
        "path": asked.path,
        "raw_path": asked.raw_path,
        "root_path": "",
        "query_string": asked.query,
        "headers": [(key.lower(), value) for key, value in asked.headers],
        "client": None,
        "server": None,
        "seen_ended": seen,  # the jobs whose end this answer tells
    }


def _refused(refusal: Refusal) -> Reply:
    return Reply(refusal.status, (JSON,), json.dumps(refusal.body()).encode())


def _another_status(sandbox: "Sandbox", fault: Fault) -> Reply:
    if fault.status == HTTPStatus.TOO_MANY_REQUESTS:
        sandbox.stats.throttled_by_fault += 1
    message = fault.message or MESSAGES.get(fault.status, phrase(fault.status))
    reply = _refused(Refusal(fault.status, message))
    if fault.retry_after is None:
        return reply
    wait = f"{fault.retry_after:g}"
    if fault.retry_after_as == "date":
        wait = http_date(sandbox.now() + fault.retry_after + sandbox.faults.skew)
    return replace(reply, headers=(*reply.headers, (b"retry-after", wait.encode())))


def _spoilt(whole: Reply | None, spoil: Callable[[bytes], bytes]) -> Reply:
    """The true status with a broken body; the client cannot have seen a job's end in it."""
    if whole is None:
        return Reply(200, (JSON,), spoil(b'{"items": []}'))
    kept = tuple((key, value) for key, value in whole.headers if key != b"content-length")
    return Reply(whole.status, kept, spoil(whole.body))


def _without_id(body: bytes) -> bytes:
    found = json.loads(body)
    if isinstance(found, dict):
        found.pop("id", None)
    return json.dumps(found).encode()


def _page(status: int) -> bytes:
    title = f"{status} {phrase(status)}"
    return f"<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>".encode()


def _dated(sandbox: "Sandbox", reply: Reply) -> Reply:
    date = http_date(sandbox.now() + sandbox.faults.skew).encode()
    return replace(reply, headers=(*reply.headers, (b"date", date)))


def http_date(when: float) -> str:
    return format_datetime(datetime.fromtimestamp(when, UTC), usegmt=True)
