from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from leadmoves.api.answers import document_of, failure
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

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
KEY = SecretStr("secret-key")


def answer(status: int, **how: Any) -> httpx.Response:
    request = httpx.Request("POST", "https://api.instantly.ai/x", headers={"authorization": "Bearer secret-key"})
    return httpx.Response(status, request=request, **how)


def kind_of(status: int, **how: Any) -> type[Exception] | None:
    try:
        document_of("POST /x", answer(status, **how), NOW)
    except ApiError as error:
        return type(error)
    return None


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (httpx.ConnectError("refused"), NotSent),
        (httpx.ConnectError("[Errno -2] Name or service not known"), NotSent),
        (httpx.ConnectTimeout("slow"), NotSent),
        (httpx.PoolTimeout("full"), NotSent),
        (httpx.UnsupportedProtocol("ftp"), NotSent),
        (httpx.LocalProtocolError("bad header"), NotSent),
        (httpx.InvalidURL("no host"), NotSent),
        (httpx.ReadTimeout("no answer"), Ambiguous),
        (httpx.WriteTimeout("half of it left"), Ambiguous),
        (httpx.ReadError("reset"), Ambiguous),
        (httpx.WriteError("broken pipe"), Ambiguous),
        (httpx.CloseError("closed"), Ambiguous),
        (httpx.RemoteProtocolError("disconnected without an answer"), Ambiguous),
        (httpx.DecodingError("bad gzip"), Ambiguous),
        (httpx.ProxyError("502 from the proxy"), Ambiguous),
        (httpx.TooManyRedirects("round"), Ambiguous),
    ],
)
def test_only_what_surely_never_left_counts_as_not_sent(error: Exception, kind: type[Exception]) -> None:
    assert type(failure("POST /x", error, KEY)) is kind


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, Refused),
        (401, Refused),
        (402, Refused),
        (403, Refused),
        (404, NotFound),
        (405, Refused),
        (409, Busy),
        (413, Refused),
        (422, Refused),
        (429, Throttled),
        (451, Refused),
        (408, Ambiguous),
        (425, Ambiguous),
        (499, Ambiguous),
        (302, Ambiguous),
        (500, Ambiguous),
        (502, Ambiguous),
        (503, Ambiguous),
        (504, Ambiguous),
        (520, Ambiguous),
    ],
)
def test_every_status_is_one_of_the_four_kinds(status: int, kind: type[Exception]) -> None:
    assert kind_of(status, json={"statusCode": status, "error": "E", "message": "M"}) is kind
    assert kind_of(status, html="<h1>no JSON</h1>") is kind
    assert kind_of(status) is kind


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b'{"id": "6650',
        b"<html>ok</html>",
        b"[]",
        b"null",
        b'"6650"',
        b"\xff\xfe",
        b"[" * 200_000,
        b'{"a":' * 200_000,
    ],
)
def test_a_success_that_is_no_json_object_says_nothing(body: bytes) -> None:
    assert kind_of(200, content=body) is UnreadableAnswer


def test_a_success_gives_its_document() -> None:
    assert document_of("POST /x", answer(201, json={"id": "6650"}), NOW) == {"id": "6650"}


def test_an_error_quotes_the_server_and_names_endpoint_and_status() -> None:
    with pytest.raises(Busy) as error:
        document_of("POST /leads/move", answer(409, json={"message": "There is a move-leads job"}), NOW)

    assert str(error.value) == "POST /leads/move: 409 There is a move-leads job"
    assert (error.value.endpoint, error.value.status) == ("POST /leads/move", 409)


def test_a_long_page_is_quoted_in_part() -> None:
    with pytest.raises(Ambiguous) as error:
        document_of("POST /x", answer(502, text="long " * 1_000), NOW)

    assert len(str(error.value)) < 350


@pytest.mark.parametrize("header", ["7", "Mon, 23 Nov 2026 12:00:07 GMT"])
def test_a_throttled_answer_says_how_long_to_wait(header: str) -> None:
    with pytest.raises(Throttled) as error:
        document_of("GET /x", answer(429, headers={"retry-after": header}), NOW)

    assert error.value.wait == 7


def test_a_date_to_wait_for_counts_from_the_date_of_the_answer() -> None:
    headers = {"retry-after": "Mon, 23 Nov 2026 13:00:07 GMT", "date": "Mon, 23 Nov 2026 13:00:00 GMT"}
    with pytest.raises(Throttled) as error:
        document_of("GET /x", answer(429, headers=headers), NOW)

    assert error.value.wait == 7, "our clock is an hour behind the server's"
