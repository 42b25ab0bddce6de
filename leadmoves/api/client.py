"""One method per endpoint of the Instantly API v2, over one pooled httpx client.

Every attempt passes the pace. Reads are retried (`resend.reads`); a POST that starts a job is sent exactly once
a call, and its failure is one of four kinds (see `errors`): not sent, refused, ambiguous, unreadable.
"""

import asyncio
import copy
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx
from pydantic import SecretStr

from leadmoves.api.answers import document_of, failure, refusal
from leadmoves.api.listing import JobQuery, Page
from leadmoves.api.pace import CONNECTIONS, Pace
from leadmoves.api.resend import TOTAL, reads
from leadmoves.api.tally import count_request
from leadmoves.clock import Clock, SystemClock
from leadmoves.errors import Ambiguous, InvalidInput, LedgerError, Problem, UnreadableAnswer
from leadmoves.jobs import Job, parse_job

Body = Mapping[str, Any]
# Asked when the bytes of a POST are about to leave; may still forbid it by raising.
Still = Callable[[], None]
Before = Callable[[], Awaitable[Still | None]]

# The default agent of common libraries is refused at the vendor's edge (comment in its own SDK).
USER_AGENT = "lead-moves/0.1 (+https://github.com/lead-moves/lead-moves)"
# Opening a connection takes a second at most on a sane network; what waits longer has not been sent.
CONNECT_TIMEOUT = 10.0
# httpx counts its time-out from byte to byte: an answer that drips is given up after so many time-outs.
WHOLE = 2.0


class Instantly:
    """The API client. Use as an async context manager, or call `aclose`.

    Args:
        key: sent as a bearer token and shown nowhere else.
        url: scheme and host.
        pace: the request budget that every attempt passes.
        timeout: seconds for an answer; an attempt to connect has at most `CONNECT_TIMEOUT`.
        patience: seconds for which a failing read is tried again.
        transport: for tests; the network by default.

    """

    def __init__(  # noqa: PLR0913 - all by name, and each is a seam that a test needs
        self,
        key: SecretStr,
        url: str,
        *,
        pace: Pace,
        clock: Clock | None = None,
        timeout: float = 30.0,
        patience: float = TOTAL,
        transport: httpx.AsyncBaseTransport | None = None,
        rng: random.Random | None = None,
    ) -> None:
        self._pace = pace
        self._clock = clock or SystemClock()
        self._patience = patience
        self._whole = WHOLE * timeout
        self._rng = rng or random.Random()  # noqa: S311 - jitter, no secret
        self._key = _sendable(key)
        self._http = httpx.AsyncClient(
            base_url=f"{url}/api/v2",
            headers={"Authorization": f"Bearer {self._key.get_secret_value()}", "User-Agent": USER_AGENT},
            timeout=httpx.Timeout(timeout, connect=min(timeout, CONNECT_TIMEOUT)),
            limits=httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS),
            transport=transport,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await self._http.aclose()

    def without_retries(self) -> Self:
        """The same client, for a caller that meets failures itself; closes with this one."""
        other = copy.copy(self)
        other._patience = 0.0  # noqa: SLF001 - our own class
        return other

    # Jobs are started by one POST each, never repeated here.

    async def move_leads(self, body: Body, before: Before | None = None) -> Job:
        """POST /leads/move, once. Scope ``leads:update``.

        Args:
            body: sent as it is.
            before: awaited when the pace lets us pass; may forbid the POST by raising. What it returns is asked
                again when the connection stands, just before the first byte, and may do so too.

        """
        return await self._start_job("/leads/move", body, before)

    async def enable_warmup(self, body: Body, before: Before | None = None) -> Job:
        """POST /accounts/warmup/enable, once. Scope ``accounts:update``."""
        return await self._start_job("/accounts/warmup/enable", body, before)

    async def disable_warmup(self, body: Body, before: Before | None = None) -> Job:
        """POST /accounts/warmup/disable, once. Scope ``accounts:update``."""
        return await self._start_job("/accounts/warmup/disable", body, before)

    # Reads, retried.

    async def get_job(self, job_id: str, data_fields: Sequence[str] = ()) -> Job:
        """GET /background-jobs/{id}; `data_fields` keeps up to 10,000 addresses out of the answer."""
        params = {"data_fields": ",".join(data_fields)} if data_fields else {}
        path = f"/background-jobs/{quote(job_id, safe='')}"
        return _job(await self._read("GET", path, params=params), f"GET {path}")

    async def list_jobs(self, query: JobQuery, starting_after: str | None = None) -> Page:
        """GET /background-jobs, one page. Rows carry their whole `data`: ask for few where they may be big."""
        cursor = {"starting_after": starting_after} if starting_after else {}
        return await self._page("GET", "/background-jobs", params=query.params() | cursor)

    async def jobs(self, query: JobQuery) -> AsyncIterator[Job]:
        """All rows of a job list, page after page; stops where a cursor does not advance."""
        cursor: str | None = None
        while (page := await self.list_jobs(query, cursor)).items:
            for job in map(parse_job, page.items):
                if job:
                    yield job
            if page.cursor in {None, cursor} or len(page.items) < query.limit:
                return
            cursor = page.cursor

    async def get_lead(self, lead_id: str) -> Mapping[str, Any]:
        """GET /leads/{id}. Scope ``leads:read``."""
        return await self._read("GET", f"/leads/{quote(lead_id, safe='')}")

    async def list_leads(self, body: Body) -> Page:
        """POST /leads/list, a read in spite of its verb; `limit` ≤ 100, else 400."""
        return await self._page("POST", "/leads/list", json=body)

    async def get_account(self, email: str) -> Mapping[str, Any]:
        """GET /accounts/{email}. Scope ``accounts:read``."""
        return await self._read("GET", f"/accounts/{quote(email, safe='')}")

    async def list_accounts(self, **params: str) -> Page:
        """GET /accounts, one page; `limit`, `starting_after`, `search`, `status`, …"""
        return await self._page("GET", "/accounts", params=params)

    async def patch_account(self, email: str, body: Body) -> Mapping[str, Any]:
        """PATCH /accounts/{email}; sets fields to values, so repeating it is harmless. Warmup is not one."""
        return await self._read("PATCH", f"/accounts/{quote(email, safe='')}", json=body)

    # How a request travels.

    async def _start_job(self, path: str, body: Body, before: Before | None) -> Job:
        return _job(await self._attempt("POST", path, before, json=body), f"POST {path}")

    async def _page(self, method: str, path: str, **request: Any) -> Page:
        document = await self._read(method, path, **request)
        items = document.get("items")
        if not isinstance(items, list):
            raise UnreadableAnswer(f"{method} {path}", "a list without items")
        cursor = document.get("next_starting_after")
        rows = tuple(item for item in items if isinstance(item, Mapping))
        return Page(rows, str(cursor) if cursor else None)

    async def _read(self, method: str, path: str, **request: Any) -> Mapping[str, Any]:
        async for attempt in reads(self._clock, self._rng, self._patience):
            with attempt:
                return await self._attempt(method, path, **request)
        raise AssertionError("unreachable: the loop returns or re-raises")

    async def _attempt(
        self, method: str, path: str, before: Before | None = None, **request: Any
    ) -> Mapping[str, Any]:
        """One attempt on the wire."""
        endpoint = f"{method} {path}"
        async with self._pace.turn(before, urgent=before is None) as still:
            if still:
                still()
                request["extensions"] = {"trace": _asking(still)}
            count_request("submit" if before else None)
            answer = await self._answer(endpoint, method, path, **request)
        if answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
            throttled = refusal(endpoint, answer, self._now())
            with suppress(LedgerError):  # the 429 says more: whoever asks the budget next hears of its trouble
                await self._pace.throttled(getattr(throttled, "wait", None))
            raise throttled
        return document_of(endpoint, answer, self._now())

    async def _answer(self, endpoint: str, method: str, path: str, **request: Any) -> httpx.Response:
        try:
            async with asyncio.timeout(self._whole):
                return await self._http.request(method, path, **request)
        except TimeoutError:
            raise Ambiguous(endpoint, f"no whole answer within {self._whole:g} s") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise failure(endpoint, error, self._key) from None

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock.now(), UTC)


def _sendable(key: SecretStr) -> SecretStr:
    """The key without the line break that files of secrets end with."""
    text = key.get_secret_value().strip()
    if not text or not text.isascii() or not text.isprintable():
        raise InvalidInput(Problem("INSTANTLY_API_KEY", "is empty or holds a character that no header can carry"))
    return SecretStr(text)


def _asking(still: Still) -> Callable[[str, Mapping[str, Any]], Awaitable[None]]:
    """A trace for httpcore that asks before the headers leave, and before the body does."""

    async def trace(event: str, _: Mapping[str, Any]) -> None:
        if event.endswith(("send_request_headers.started", "send_request_body.started")):
            still()

    return trace


def _job(document: Mapping[str, Any], endpoint: str) -> Job:
    job = parse_job(document)
    if job is None:
        raise UnreadableAnswer(endpoint, "an answer without a job id")
    return job
