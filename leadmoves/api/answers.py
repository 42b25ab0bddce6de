"""What an answer, or its absence, means: the four kinds of failure.

no connection, DNS, TLS, pool ........................ NotSent
4xx .................................................. Refused (429 Throttled, 409 Busy, 404 NotFound)
time-out after connect, reset, 5xx, 3xx, 408 ......... Ambiguous
2xx without readable JSON ............................ UnreadableAnswer
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import httpx

from leadmoves.api.resend import retry_after
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
LONGEST_MESSAGE = 300  # characters of a foreign body that a message may quote


def failure(endpoint: str, error: Exception) -> ApiError:
    """The error for a request without an answer."""
    said = f"{type(error).__name__}: {error}".rstrip(": ")
    return (NotSent if isinstance(error, BEFORE_SENDING) else Ambiguous)(endpoint, said)


def document_of(endpoint: str, answer: httpx.Response) -> Mapping[str, Any]:
    """The JSON object of a 2xx answer; raises the fitting `ApiError` for any other."""
    status = answer.status_code
    if 400 <= status < 500 and status not in UNSURE:  # noqa: PLR2004 - the HTTP classes
        raise refusal(endpoint, answer)
    if not answer.is_success:
        raise Ambiguous(endpoint, message_of(answer), status)
    try:
        document = answer.json()
    except ValueError:  # no JSON, half of it, not UTF-8
        raise UnreadableAnswer(endpoint, f"no JSON but {_quoted(answer)}", status) from None
    if not isinstance(document, Mapping):
        raise UnreadableAnswer(endpoint, f"no JSON object but {_quoted(answer)}", status)
    return document


def refusal(endpoint: str, answer: httpx.Response) -> Refused:
    """The error for a 4xx."""
    message = message_of(answer)
    match answer.status_code:
        case 404:
            return NotFound(endpoint, message, 404)
        case 409:
            return Busy(endpoint, message, 409)
        case 429:
            return Throttled(endpoint, message, retry_after(answer.headers.get("retry-after"), datetime.now(UTC)))
        case status:
            return Refused(endpoint, message, status)


def message_of(answer: httpx.Response) -> str:
    """The server's own words: its envelope's `message`, else the beginning of the body."""
    try:
        document = answer.json()
    except ValueError:
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
    return text.replace(key, "•••") if key else text
