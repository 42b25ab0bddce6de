import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from leadmoves.api import Instantly, JobQuery
from leadmoves.api.client import USER_AGENT, WHOLE
from leadmoves.api.pace import pace_alone
from leadmoves.api.tally import Tally, counting
from leadmoves.clock import LoopClock
from leadmoves.errors import (
    Ambiguous,
    ApiError,
    InvalidInput,
    LeadMoveError,
    NotFound,
    NotSent,
    Refused,
    Throttled,
    UnreadableAnswer,
)
from sandbox import Fault
from tests.leadmoves.scene import KEY, Saying, Scene, client, virtually

MOVE, JOBS = "/api/v2/leads/move", "/api/v2/background-jobs"
ANA = {"emails": ["ana@example.com"]}
OK = {"id": "66" * 12, "type": "move-leads", "status": "pending"}


async def first_lead(scene: Scene) -> str:
    page = await scene.api.list_leads({"limit": 1})
    return str(page.items[0]["id"])


Call = Callable[[Scene], Awaitable[Any]]
ENDPOINTS: dict[str, Call] = {
    f"POST {MOVE}": lambda scene: scene.api.move_leads(scene.body()),
    "POST /api/v2/accounts/warmup/enable": lambda scene: scene.api.enable_warmup(ANA),
    "POST /api/v2/accounts/warmup/disable": lambda scene: scene.api.disable_warmup(ANA),
    f"GET {JOBS}": lambda scene: scene.api.list_jobs(JobQuery()),
    "POST /api/v2/leads/list": lambda scene: scene.api.list_leads({"limit": 100}),
    "GET /api/v2/accounts/{email}": lambda scene: scene.api.get_account("ana@example.com"),
    "GET /api/v2/accounts": lambda scene: scene.api.list_accounts(limit="100"),
    "PATCH /api/v2/accounts/{email}": lambda scene: scene.api.patch_account("ana@example.com", {"daily_limit": 9}),
}


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@virtually
async def test_every_method_asks_its_endpoint_once(endpoint: str) -> None:
    scene = Scene(leads=20)

    assert await ENDPOINTS[endpoint](scene)
    assert scene.requests == {endpoint: 1}


@virtually
async def test_a_job_and_a_lead_are_read_by_their_id() -> None:
    scene = Scene(leads=20)
    job_id, lead_id = await scene.moved(leads=3), await first_lead(scene)

    job = await scene.api.get_job(job_id, ("moved_leads",))

    assert (job.id, job.status, dict(job.data)) == (job_id, "success", {"moved_leads": 3})
    assert (await scene.api.get_lead(lead_id))["id"] == lead_id
    assert scene.requests[f"GET {JOBS}/{{id}}"] == 1
    assert scene.requests["GET /api/v2/leads/{id}"] == 1


@pytest.mark.parametrize(
    "text", ["a b@example.com", "a/b@example.com", "a?b#c@example.com", "ä@example.com", "%2F"]
)
@virtually
async def test_what_goes_into_a_path_stays_one_step_of_it(text: str) -> None:
    server = Saying(lambda _: {"email": text})

    await client(server).get_account(text)

    assert server.asked[0].url.raw_path.count(b"/") == 4
    assert server.asked[0].url.query == b""


@virtually
async def test_the_job_list_is_read_to_its_end_and_each_job_once() -> None:
    scene = Scene(seconds_per_job=0.1)
    made = [(await scene.api.move_leads(scene.body())).id for _ in range(205)]

    read = [job.id async for job in scene.api.jobs(JobQuery(type="move-leads"))]

    assert sorted(read) == sorted(made)
    assert scene.requests[f"GET {JOBS}"] == 3


@pytest.mark.parametrize("cursor", ["same", None, ""])
@virtually
async def test_a_cursor_that_does_not_advance_ends_the_list(cursor: str | None) -> None:
    items = [{"id": f"{number:024x}"} for number in range(100)]
    server = Saying(lambda _: {"items": items, "next_starting_after": cursor})

    read = [job async for job in client(server).jobs(JobQuery())]

    assert len(server.asked) == (2 if cursor else 1)
    assert len(read) == 100 * len(server.asked)


@virtually
async def test_a_query_says_only_what_was_asked_for() -> None:
    server = Saying(lambda _: {"items": []})

    await client(server).list_jobs(JobQuery(ids=("a", "b"), status=("success", "failed")), "cursor")

    assert dict(server.asked[0].url.params) == {
        "ids": "a,b",
        "status": "success,failed",
        "sort_column": "created_at",
        "sort_order": "desc",
        "limit": "100",
        "starting_after": "cursor",
    }


@pytest.mark.parametrize("document", [{}, {"items": None}, {"items": {"a": 1}}])
@virtually
async def test_a_list_without_items_is_unreadable(document: dict[str, Any]) -> None:
    with pytest.raises(UnreadableAnswer):
        await client(Saying(lambda _: document), patience=0).list_jobs(JobQuery())


@virtually
async def test_rows_that_are_no_objects_and_jobs_without_id_are_passed_over() -> None:
    server = Saying(lambda _: {"items": [1, None, "x", {}, {"id": 7}, {"id": ""}, OK]})

    assert [job.id async for job in client(server).jobs(JobQuery())] == [OK["id"]]


@virtually
async def test_requests_carry_the_key_and_an_agent_of_our_own() -> None:
    server = Saying(lambda _: OK)

    await client(server).move_leads({})

    assert server.asked[0].headers["authorization"] == f"Bearer {KEY}"
    assert server.asked[0].headers["user-agent"] == USER_AGENT
    assert "python" not in USER_AGENT


# A POST that starts a job is sent once, whatever comes of it.

FAULTS = {
    "no connection": (Fault(kind="refuse-connection", count=None), NotSent),
    "request lost": (Fault(kind="lose-request", count=None), Ambiguous),
    "answer lost": (Fault(kind="lose-answer", count=None), Ambiguous),
    "no answer in time": (Fault(kind="hang", count=None, seconds=100), Ambiguous),
    "500": (Fault(kind="status", count=None, status=500), Ambiguous),
    "503 with a wait": (Fault(kind="status", count=None, status=503, retry_after=1), Ambiguous),
    "a page of an edge": (Fault(kind="html", count=None, status=502), Ambiguous),
    "429": (Fault(kind="status", count=None, status=429), Throttled),
    "429 with a wait": (Fault(kind="status", count=None, status=429, retry_after=1), Throttled),
    "400": (Fault(kind="status", count=None, status=400), Refused),
    "half an answer": (Fault(kind="half-body", count=None), UnreadableAnswer),
    "an answer without id": (Fault(kind="no-id", count=None), UnreadableAnswer),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("method", ["move_leads", "enable_warmup", "disable_warmup"])
@virtually
async def test_a_post_that_starts_a_job_is_never_repeated(method: str, fault: str) -> None:
    scene = Scene(leads=20)
    switch, kind = FAULTS[fault]
    scene.sandbox.faults.add(switch)

    with pytest.raises(ApiError) as error:
        await getattr(scene.api, method)(scene.body() if method == "move_leads" else ANA)

    assert type(error.value) is kind
    assert scene.requests.total() == 1  # type: ignore[attr-defined]  # a Counter


@pytest.mark.parametrize(
    "fault", ["no connection", "answer lost", "500", "a page of an edge", "429", "half an answer"]
)
@virtually
async def test_a_read_survives_three_failures(fault: str) -> None:
    scene = Scene(leads=20)
    scene.sandbox.faults.add(FAULTS[fault][0].model_copy(update={"count": 3}))

    assert await scene.api.list_jobs(JobQuery())
    assert scene.requests == {f"GET {JOBS}": 4}


@virtually
async def test_without_retries_a_read_fails_at_once() -> None:
    scene = Scene()
    scene.sandbox.faults.add(FAULTS["500"][0])

    with pytest.raises(Ambiguous):
        await scene.api.without_retries().list_jobs(JobQuery())
    with pytest.raises(Ambiguous):
        await scene.api.list_jobs(JobQuery())

    assert scene.requests[f"GET {JOBS}"] > 4, "the first client still tries again"


@virtually
async def test_an_answer_that_drips_is_given_up() -> None:
    async def drip() -> None:
        await asyncio.sleep(1e6)

    api, clock = client(Saying(lambda _: OK, before=drip), timeout=30.0), LoopClock()
    begun = clock.monotonic()

    with pytest.raises(Ambiguous, match="no whole answer"):
        await api.move_leads({})

    assert clock.monotonic() - begun == WHOLE * 30


@virtually
async def test_what_is_asked_before_a_post_can_forbid_it() -> None:
    server = Saying(lambda _: OK)

    async def forbid() -> None:
        raise LeadMoveError("somebody else has it")

    with pytest.raises(LeadMoveError, match="somebody else"):
        await client(server).move_leads({}, forbid)

    assert server.asked == []


@virtually
async def test_what_is_asked_when_the_bytes_leave_can_forbid_them() -> None:
    server = Saying(lambda _: OK)

    def stopped() -> None:
        raise NotSent("the fence", "stopped too long")

    async def before() -> Callable[[], None]:
        return stopped

    with pytest.raises(NotSent):
        await client(server).move_leads({}, before)

    assert server.asked == []


@virtually
async def test_a_429_lets_everybody_wait() -> None:
    clock = LoopClock()
    scene = Scene(pace=pace_alone(80, 4800, clock))
    scene.sandbox.faults.add(Fault(kind="status", status=429, retry_after=7))
    begun = clock.monotonic()
    with pytest.raises(Throttled):
        await scene.api.move_leads(scene.body())

    await scene.api.list_jobs(JobQuery())

    assert clock.monotonic() - begun >= 7


@virtually
async def test_every_attempt_is_counted_where_it_belongs() -> None:
    scene, tally = Scene(), Tally()
    scene.sandbox.faults.add(Fault(kind="status", method="GET", count=2))

    async def before() -> None:
        pass

    with counting(tally, "other"):
        await scene.api.move_leads(scene.body(), before)
        with counting(tally, "look"):
            await scene.api.list_jobs(JobQuery())

    assert tally.as_dict() == {"submit": 1, "look": 3, "other": 0}


# The key is shown nowhere.

# A digit first: no word that a log says anyway, such as «authoriz», is a key.
keys = st.from_regex(r"[0-9][!-~]{7,60}", fullmatch=True).filter(lambda key: not key.isalnum() or len(key) > 10)
ECHOES: list[Callable[[str], httpx.Response | Exception]] = [
    lambda key: httpx.Response(400, json={"message": f"bad header: Bearer {key}"}),
    lambda key: httpx.Response(401, json={"error": f"Bearer {key} is unknown"}),
    lambda key: httpx.Response(429, text=f"Bearer {key}", headers={"retry-after": key}),
    lambda key: httpx.Response(500, text=f"GET / authorization: Bearer {key}"),
    lambda key: httpx.Response(502, html=f"<pre>{key}</pre>"),
    lambda key: httpx.Response(200, text=f"not json {key}"),
    lambda key: httpx.Response(200, json=[key]),
    lambda key: httpx.ReadError(f"reset while sending {key}"),
    lambda key: httpx.LocalProtocolError(f"Illegal header value b'Bearer {key}'"),
]


@given(keys, st.sampled_from(ECHOES), st.booleans())
def test_the_key_is_in_no_error_and_no_log(
    key: str, echo: Callable[[str], httpx.Response | Exception], post: bool
) -> None:
    logged: list[str] = []
    handler = logging.Handler(logging.DEBUG)
    handler.emit = lambda record: logged.append(handler.format(record))  # type: ignore[method-assign]
    logging.getLogger().addHandler(handler)
    logging.getLogger("httpx").setLevel(logging.DEBUG)

    @virtually
    async def asked() -> ApiError:
        api = client(Saying(lambda _: echo(key)), key=key, patience=0)
        with pytest.raises(ApiError) as error:
            await (api.move_leads({}) if post else api.list_jobs(JobQuery()))
        logged.append(f"{api!r} {api._http.headers!r}")
        return error.value

    try:
        error = asked()
    finally:
        logging.getLogger().removeHandler(handler)

    shown = f"{error} {error!r} {error.args} {error.message}"
    assert key not in shown + " ".join(logged)


@pytest.mark.parametrize("around", ["{}\n", " {} ", "{}\r\n", "\t{}"])
@virtually
async def test_the_line_break_that_a_file_ends_with_is_no_part_of_the_key(around: str) -> None:
    server = Saying(lambda _: OK)

    await client(server, key=around.format(KEY)).move_leads({})

    assert server.asked[0].headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("key", ["", "  ", "schlüssel-1234", "two\nlines-1234", "nul\x00-1234"])
@virtually
async def test_a_key_that_no_header_can_carry_is_refused_and_not_shown(key: str) -> None:
    with pytest.raises(InvalidInput, match="INSTANTLY_API_KEY") as error:
        Instantly(SecretStr(key), "http://sandbox", pace=pace_alone(1, 60, LoopClock()))

    assert "1234" not in str(error.value)


@virtually
async def test_a_404_says_so() -> None:
    with pytest.raises(NotFound):
        await Scene().api.get_job("66" * 12)
