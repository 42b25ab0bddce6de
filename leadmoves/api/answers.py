"""What an answer, or its absence, means: the four kinds of failure.

no connection, DNS, TLS, pool ........................ NotSent
4xx .................................................. Refused (429 Throttled, 409 Busy, 404 NotFound)
time-out after connect, reset, 5xx, 3xx, 408 ......... Ambiguous
2xx without readable JSON ............................ UnreadableAnswer
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import httpx
from pydantic import SecretStr

from leadmoves.api.resend import http_date, retry_after
from leadmoves.errors import (
    Ambiguous,
    ApiError,
    Busy,
    NotFound,
    NotSent,
    Refused,
    Throttled,
    UnreadableAnswer,
)

# httpx raises these before the first byte of the request has left.
BEFORE_SENDING = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
    httpx.InvalidURL,
)
# A gateway gave up on a request that may have gone through: a 4xx that does not say «not done».
UNSURE = {408, 425, 499}
# No JSON, half of it, not UTF-8; or nested deeper than any honest answer.
UNREADABLE = (ValueError, RecursionError)
LONGEST_MESSAGE = 300  # characters of a foreign body that a message may quote
HIDDEN = "•••"


def failure(endpoint: str, error: Exception, key: SecretStr) -> ApiError:
    """The error for a request without an answer."""
    said = f"{type(error).__name__}: {error}".rstrip(": ").replace(key.get_secret_value(), HIDDEN)
    return (NotSent if isinstance(error, BEFORE_SENDING) else Ambiguous)(endpoint, said)


def document_of(endpoint: str, answer: httpx.Response, now: datetime) -> Mapping[str, Any]:
    """The JSON object of a 2xx answer; raises the fitting `ApiError` for any other."""
    status = answer.status_code
    if 400 <= status < 500 and status not in UNSURE:  # noqa: PLR2004 - the HTTP classes
        raise refusal(endpoint, answer, now)
    if not answer.is_success:
        raise Ambiguous(endpoint, message_of(answer), status)
    try:
        document = answer.json()
    except UNREADABLE:
        raise UnreadableAnswer(endpoint, f"no JSON but {_quoted(answer)}", status) from None
    if not isinstance(document, Mapping):
        raise UnreadableAnswer(endpoint, f"no JSON object but {_quoted(answer)}", status)
    return document


def refusal(endpoint: str, answer: httpx.Response, now: datetime) -> Refused:
    """The error for a 4xx. A ``Retry-After`` date counts from the answer's own date, for clocks may disagree."""
    message = message_of(answer)
    match answer.status_code:
        case 404:
            return NotFound(endpoint, message, 404)
        case 409:
            return Busy(endpoint, message, 409)
        case 429:
            sent = http_date(answer.headers.get("date")) or now
            return Throttled(endpoint, message, retry_after(answer.headers.get("retry-after"), sent))
        case status:
            return Refused(endpoint, message, status)


def message_of(answer: httpx.Response) -> str:
    """The server's own words: its envelope's `message`, else the beginning of the body."""
    try:
        document = answer.json()
    except UNREADABLE:
        return _quoted(answer)
    if isinstance(document, Mapping):
        said = document.get("message") or document.get("error")
        if said:
            return _without_key(str(said), answer)[:LONGEST_MESSAGE]
    return _quoted(answer)


def _quoted(answer: httpx.Response) -> str:
    text = _without_key(" ".join(answer.text.split()), answer)
    return text[:LONGEST_MESSAGE] or "an empty body"


def _without_key(text: str, answer: httpx.Response) -> str:
    """A server may echo the request: what it echoes of the key stays here."""
    key = answer.request.headers.get("authorization", "").removeprefix("Bearer ").strip()
    return text.replace(key, HIDDEN) if key else text
