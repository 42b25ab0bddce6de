from datetime import UTC, datetime
from email.utils import format_datetime
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadmoves.api.resend import CAP, LONGEST_WAIT, TOTAL, backoff, http_date, reads, retry_after, wait_for
from leadmoves.clock import LoopClock
from leadmoves.errors import Ambiguous, ApiError, Busy, LedgerError, NotFound, NotSent, Refused, Throttled
from tests.leadmoves.scene import virtually

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("5", 5.0),
        ("0", 0.0),
        ("1.5", 1.5),
        ("-3", 0.0),
        ("1e9", LONGEST_WAIT),
        ("inf", LONGEST_WAIT),
        ("-inf", 0.0),
        ("nan", None),
        ("", None),
        (None, None),
        ("soon", None),
        ("Mon, 23 Nov 2026 12:00:09 GMT", 9.0),
        ("Mon, 23 Nov 2026 13:00:09 +0100", 9.0),
        ("Mon, 23 Nov 2026 11:00:00 GMT", 0.0),
        ("Mon, 23 Nov 2027 11:00:00 GMT", LONGEST_WAIT),
        ("Mon, 99 Nov 2026 12:00:09 GMT", None),
        ("Mon, 23 Nov 99999 12:00:09 GMT", None),
    ],
)
def test_the_wait_that_a_server_asks_for(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, NOW) == seconds


@given(st.one_of(st.text(), st.floats().map(str), st.integers().map(str)))
def test_no_header_asks_for_less_than_nothing_or_more_than_two_minutes(header: str) -> None:
    asked = retry_after(header, NOW)

    assert asked is None or 0 <= asked <= LONGEST_WAIT


@given(st.datetimes(datetime(1970, 1, 1), datetime(2999, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - bounds
def test_every_http_date_is_read(then: datetime) -> None:
    assert http_date(format_datetime(then, usegmt=True)) == then.replace(microsecond=0)


@given(st.integers(0, 2_000), st.integers())
def test_full_jitter_is_between_nothing_and_the_doubled_base(failures: int, seed: int) -> None:
    assert 0 <= backoff(failures, Random(seed), base=0.5) <= min(CAP, 0.5 * 2 ** min(failures, 10))


def test_full_jitter_uses_the_whole_range() -> None:
    drawn = sorted(backoff(3, Random(seed), base=1.0, cap=100.0) for seed in range(400))

    assert drawn[20] < 0.8
    assert drawn[-20] > 7.2


def test_what_the_server_asks_for_goes_before_jitter() -> None:
    assert wait_for(Throttled("GET /x", "slow down", 7.0), 9, Random(1)) == 7.0
    assert wait_for(Throttled("GET /x", "slow down"), 0, Random(1)) <= 0.5


async def tries(error: Exception, total: float = TOTAL, each: float = 0.0) -> tuple[int, float]:
    """How often a failing read is tried, and how long all of it takes."""
    clock, tried = LoopClock(), 0
    begun = clock.monotonic()

    async def fail() -> None:
        nonlocal tried
        tried += 1
        await clock.sleep(each)
        raise error

    with pytest.raises(type(error)):
        await reads(clock, Random(1), total)(fail)
    return tried, clock.monotonic() - begun


@pytest.mark.parametrize("error", [NotSent("GET /x", "no"), Ambiguous("GET /x", "?"), Throttled("GET /x", "slow")])
@virtually
async def test_a_failing_read_is_tried_again_until_the_total_time_is_over(error: ApiError) -> None:
    tried, took = await tries(error)

    assert tried >= 5
    assert took < TOTAL


@pytest.mark.parametrize(
    "error",
    [Refused("GET /x", "no", 400), NotFound("GET /x", "no", 404), Busy("GET /x", "no", 409), LedgerError("no")],
)
@virtually
async def test_a_refused_read_is_not_tried_again(error: Exception) -> None:
    assert await tries(error) == (1, 0.0)


@virtually
async def test_slow_failures_count_into_the_total_time() -> None:
    tried, took = await tries(Ambiguous("GET /x", "?"), each=20.0)

    assert tried == 2
    assert took < 2 * 20 + TOTAL


@virtually
async def test_a_wait_beyond_the_total_time_is_not_begun() -> None:
    assert await tries(Throttled("GET /x", "slow", 100.0)) == (1, 0.0)


@pytest.mark.parametrize("wait", [None, 0.0, 1.0])
@virtually
async def test_without_patience_nothing_is_tried_again(wait: float | None) -> None:
    assert await tries(Throttled("GET /x", "slow", wait), total=0.0) == (1, 0.0)
