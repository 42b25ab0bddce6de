import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from leadmoves.api import budget_file
from leadmoves.api.budget import LONGEST_PAUSE, RECOVERY, horizon, windows
from leadmoves.api.pace import PAUSE, SharedPace, pace_alone, pace_by_file
from leadmoves.api.turns import Turns
from leadmoves.clock import LoopClock
from leadmoves.errors import LedgerError
from tests.leadmoves.scene import Saying, client, virtually

Limits = tuple[int, int]
LIMITS: list[Limits] = [(1, 60), (2, 60), (10, 60), (80, 60), (80, 4800), (3, 100), (25, 1000), (100, 6000)]
NIGHT = 1e6  # seconds; more than any wait


@contextmanager
def paces(limits: Limits, *, filed: bool) -> Iterator[Callable[[], SharedPace]]:
    """Opens a pace for each of many processes, or the one of the only process."""
    clock = LoopClock()
    with TemporaryDirectory() as folder:
        path, opened = Path(folder) / "pace.sqlite", []

        def another() -> SharedPace:
            opened.append(pace_by_file(path, *limits, clock) if filed else pace_alone(*limits, clock))
            return opened[-1]

        yield another
        for pace in opened:
            pace.close()


async def sent(pace: SharedPace, times: list[float], number: int = 1) -> None:
    for _ in range(number):
        async with pace.turn():
            times.append(LoopClock().monotonic())
            await asyncio.sleep(0.001)  # on its way


def worst(times: list[float], seconds: float) -> int:
    """The most that any window of so many seconds held."""
    first, most = 0, 0
    for last, at in enumerate(times):
        while times[first] <= at - seconds:
            first += 1
        most = max(most, last - first + 1)
    return most


@pytest.mark.parametrize("filed", [False, True])
@given(
    limits=st.sampled_from(LIMITS),
    gaps=st.lists(st.sampled_from([0.0, 0.0, 0.0, 0.001, 0.5, 1.0, 30.0]), min_size=1, max_size=150),
    pauses=st.lists(st.tuples(st.integers(0, 150), st.sampled_from([None, 0.0, 0.3, 5.0])), max_size=3),
    processes=st.integers(1, 3),
)
@example(limits=(80, 60), gaps=[0.0] * 150, pauses=[(70, None)], processes=2)
@example(limits=(1, 60), gaps=[0.0] * 20, pauses=[(3, 0.0), (9, 5.0)], processes=3)
def test_no_window_ever_holds_more_than_its_limit(
    filed: bool, limits: Limits, gaps: list[float], pauses: list[tuple[int, float | None]], processes: int
) -> None:
    times: list[float] = []

    @virtually
    async def run() -> None:
        with paces(limits, filed=filed) as another:
            open_ones = [another() for _ in range(processes if filed else 1)]
            asked = []
            for number, gap in enumerate(gaps):
                await asyncio.sleep(gap)
                pace = open_ones[number % len(open_ones)]
                asked.append(asyncio.create_task(sent(pace, times)))
                for _, wait in [pause for pause in pauses if pause[0] == number]:
                    await pace.throttled(wait)
            await asyncio.gather(*asked)

    run()

    assert len(times) == len(gaps)
    assert worst(times, 1.0) <= limits[0]
    assert worst(times, 60.0) <= limits[1]


@pytest.mark.parametrize("limits", LIMITS)
@virtually
async def test_at_least_nine_tenths_of_the_budget_are_used_when_there_is_work(limits: Limits) -> None:
    times: list[float] = []
    with paces(limits, filed=False) as another, pytest.raises(TimeoutError):
        async with asyncio.timeout(120):
            await sent(another(), times, 100_000)

    assert len(times) >= 0.9 * min(limits[0] * 120, limits[1] * 2)


@pytest.mark.parametrize("limits", [(1, 60), (10, 600), (80, 4800), (81, 4860)])
@virtually
async def test_after_a_429_all_stop_then_go_at_half_the_rate_then_as_before(limits: Limits) -> None:
    one, other, rate = [], [], limits[0]  # type: ignore[var-annotated]
    with paces(limits, filed=True) as another:
        first, second = another(), another()
        work = asyncio.gather(sent(first, one, 10_000), sent(second, other, 10_000))
        await asyncio.sleep(5)
        await first.throttled(None)
        await asyncio.sleep(60)
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
    times = sorted(one + other)

    def between(begin: float, end: float) -> float:
        return sum(begin <= at < end for at in times) / (end - begin) / rate

    assert between(0, 5) >= 0.9
    assert between(5.001, 4.999 + PAUSE) == 0
    assert 0.4 <= between(5 + PAUSE, 5 + PAUSE + RECOVERY) <= 0.55
    assert between(5 + PAUSE + RECOVERY, 65) >= 0.9, "within a minute of the 429"
    assert abs(len(one) - len(other)) <= 0.05 * len(times), "neither overtakes the other"


@virtually
async def test_a_pause_takes_places_away_that_were_promised_before() -> None:
    times: list[float] = []
    with paces((1, 60), filed=True) as another:
        waiting = [another() for _ in range(3)]
        asked = [asyncio.create_task(sent(pace, times)) for pace in waiting]
        await asyncio.sleep(0.5)
        await waiting[0].throttled(30.0)
        await asyncio.gather(*asked)

    assert times[0] == 0.0
    assert times[1] >= 30.5


@pytest.mark.parametrize("filed", [False, True])
@virtually
async def test_no_header_stops_us_for_longer_than_two_minutes(filed: bool) -> None:
    times: list[float] = []
    with paces((10, 600), filed=filed) as another:
        pace = another()
        await pace.throttled(1e9)
        await sent(pace, times)

    assert LONGEST_PAUSE <= times[0] <= LONGEST_PAUSE + 1


@virtually
async def test_a_shorter_wait_does_not_end_a_longer_one() -> None:
    times: list[float] = []
    with paces((10, 600), filed=True) as another:
        pace = another()
        await pace.throttled(50.0)
        await pace.throttled(1.0)
        await sent(pace, times)

    assert times[0] >= 50


@virtually
async def test_looks_go_before_submits_that_came_earlier() -> None:
    went: list[str] = []
    pace = pace_alone(1, 60, LoopClock())

    async def go(name: str, *, urgent: bool) -> None:
        async with pace.turn(urgent=urgent):
            went.append(name)

    submits = [asyncio.create_task(go(f"submit {number}", urgent=False)) for number in range(4)]
    await asyncio.sleep(0.1)
    await asyncio.gather(*submits, go("look 1", urgent=True), go("look 2", urgent=True))

    assert went == ["submit 0", "submit 1", "look 1", "look 2", "submit 2", "submit 3"], "1 was about to go already"


@virtually
async def test_who_gives_up_in_line_holds_nobody_up() -> None:
    times: list[float] = []
    pace = pace_alone(1, 60, LoopClock())
    asked = [asyncio.create_task(sent(pace, times)) for _ in range(6)]
    await asyncio.sleep(0.1)
    for task in asked[1:5]:
        task.cancel()
    await asyncio.gather(*asked, return_exceptions=True)

    assert len(times) == 2
    assert times[1] < 3


@virtually
async def test_who_gives_up_in_the_moment_of_his_turn_passes_it_on() -> None:
    turns, went = Turns(), []  # type: ignore[var-annotated]

    async def go(name: str) -> None:
        async with turns.turn(urgent=False):
            went.append(name)

    async with turns.turn(urgent=False):
        first, second = asyncio.create_task(go("first")), asyncio.create_task(go("second"))
        await asyncio.sleep(1)
    first.cancel()

    async with asyncio.timeout(10):
        await second
    assert went == ["second"]


@virtually
async def test_no_more_requests_are_under_way_than_there_are_connections_and_none_is_granted_in_vain() -> None:
    clock, times = LoopClock(), []  # type: ignore[var-annotated]
    pace = SharedPace(pace_alone(80, 4800, clock)._book, clock, connections=20)
    stuck = asyncio.Event()

    async def under_way() -> None:
        times.append(clock.monotonic())
        if clock.monotonic() < 1:
            await stuck.wait()

    server = Saying(lambda _: {"id": "66" * 12}, before=under_way)
    api = client(server, pace)
    asked = [asyncio.create_task(api.move_leads({})) for _ in range(300)]
    await clock.sleep(20)
    assert len(times) == 20, "the server does not answer"
    stuck.set()
    await asyncio.gather(*asked)

    assert worst(times[20:], 1.0) <= 80, "what was held up must not leave in one burst"


# The file.


@virtually
async def test_the_file_and_all_beside_it_are_for_their_owner_alone(tmp_path: Path) -> None:
    pace = pace_by_file(tmp_path / "new" / "pace.sqlite", 10, 600, LoopClock())
    await sent(pace, [])

    files = list((tmp_path / "new").iterdir())
    assert files
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700
    pace.close()


@virtually
async def test_a_broken_file_is_named_and_nothing_is_sent(tmp_path: Path) -> None:
    path = tmp_path / "pace.sqlite"
    path.write_bytes(b"this is no database, " * 100)

    with pytest.raises(LedgerError, match=r"pace\.sqlite cannot be used.*nothing was sent"):
        pace_by_file(path, 10, 600, LoopClock())


@virtually
async def test_a_place_where_no_file_can_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(LedgerError, match="cannot be used"):
        pace_by_file(tmp_path / "file" / "pace.sqlite", 10, 600, LoopClock())


@virtually
async def test_a_file_that_breaks_later_lets_nothing_pass(tmp_path: Path) -> None:
    path, server = tmp_path / "pace.sqlite", Saying(lambda _: {"id": "66" * 12})
    pace = pace_by_file(path, 10, 600, LoopClock())
    with sqlite3.connect(path) as spoiler:
        spoiler.execute("DROP TABLE grants")

    with pytest.raises(LedgerError, match="nothing was sent"):
        await client(server, pace).move_leads({})

    assert server.asked == []
    pace.close()


@virtually
async def test_a_file_that_is_locked_for_a_moment_is_waited_for_without_stopping_the_loop(tmp_path: Path) -> None:
    path, times = tmp_path / "pace.sqlite", []  # type: ignore[var-annotated]
    pace = pace_by_file(path, 10, 600, LoopClock())
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    asked = asyncio.create_task(sent(pace, times))
    begun = time.perf_counter()
    await asyncio.sleep(0)
    assert time.perf_counter() - begun < 0.5
    await asyncio.sleep(0.01)
    other.execute("COMMIT")
    await asked

    assert times
    other.close()
    pace.close()


@virtually
async def test_a_file_that_stays_locked_is_named_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pace = pace_by_file(tmp_path / "pace.sqlite", 10, 600, LoopClock())
    other = sqlite3.connect(tmp_path / "pace.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    monkeypatch.setattr(budget_file, "PATIENCE", 0.03)

    with pytest.raises(LedgerError, match="locked"):
        await sent(pace, [])
    other.close()
    pace.close()


@virtually
async def test_a_clock_that_is_set_back_does_not_stop_us_for_long(tmp_path: Path) -> None:
    clock, times = LoopClock(), []  # type: ignore[var-annotated]
    pace = pace_by_file(tmp_path / "pace.sqlite", 10, 600, clock)
    await sent(pace, times, 30)
    await pace.throttled(60.0)
    begun = clock.monotonic()
    clock.skew = -NIGHT
    await sent(pace, times, 30)

    assert clock.monotonic() - begun <= horizon(windows(10, 600))
    pace.close()


@virtually
async def test_old_grants_are_forgotten(tmp_path: Path) -> None:
    pace = pace_by_file(tmp_path / "pace.sqlite", 80, 4800, LoopClock())
    await sent(pace, [], 2_000)

    with sqlite3.connect(tmp_path / "pace.sqlite") as book:
        assert book.execute("SELECT count(*) FROM grants").fetchone()[0] <= 3 * 80
    pace.close()


def test_a_windows_half_is_half_the_rate() -> None:
    for limits in LIMITS:
        for window in windows(*limits):
            half = window.halved
            assert half.limit >= 1
            assert half.limit / half.seconds <= window.limit / window.seconds / 2
