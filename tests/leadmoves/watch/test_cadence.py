from collections.abc import Callable
from functools import partial
from itertools import pairwise
from math import floor, inf, nan, sqrt
from operator import itemgetter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadmoves.watch.cadence import (
    CEILING,
    FLOOR,
    JITTER,
    PAGE,
    REACH,
    SHARE,
    TRIES,
    Sighting,
    Watched,
    crowd_interval,
    interval,
    jittered,
    next_look,
)

BUDGET = 80.0
ages = st.floats(0, 1e6)
progress = st.one_of(
    st.none(), st.floats(allow_nan=True, allow_infinity=True), st.floats(0, 100), st.integers(0, 100)
)


NOW = 5000.0

Says = Callable[[float], float | None]


def build(age: float, looks: list[tuple[float, float | None]], left: float) -> Watched:
    """A job in a state that a watcher can bring it to."""
    job = Watched(f"{age} {left}", NOW - age, NOW + left)
    for part, said in sorted(looks, key=itemgetter(0)):
        job = job.looked(NOW - age + part * age, said)
    return job


some_jobs = st.lists(
    st.builds(
        build,
        st.floats(0, NOW),
        st.lists(st.tuples(st.floats(0, 1), progress), max_size=4),
        st.one_of(st.just(inf), st.floats(0, 100)),
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda job: job.key,
)


def looks_until(end: float, says: Says = lambda _at: None, deadline: float = inf) -> list[float]:
    """The times of all looks at one job, the last of them at or after its end."""
    rng, job, times = Random(1), Watched("job", 0.0, deadline), [0.0]
    while times[-1] < min(end, deadline):
        times.append(next_look(job.seen, [job], BUDGET, rng, since=job.seen).at)
        job = job.looked(times[-1], says(times[-1]))
    return times[1:]


def percent(length: float, at: float) -> int:
    return floor(100 * at / length)


@given(ages, ages)
def test_an_older_job_is_looked_at_no_more_often(one: float, other: float) -> None:
    young, old = sorted([one, other])

    assert FLOOR <= interval(young) <= interval(old) <= CEILING


def test_the_interval_is_the_square_root_of_twice_the_cost_times_the_age() -> None:
    assert interval(95.0, cost=0.5) == pytest.approx(10.0)
    assert interval(95.0, cost=2.0) == pytest.approx(20.0)
    assert interval(1e6) == CEILING
    assert interval(0.0, floor=3.0) == 3.0


@given(st.lists(ages, min_size=1, max_size=50))
def test_a_crowd_is_looked_at_at_least_as_often_as_its_youngest_job_would_be(crowd: list[float]) -> None:
    assert FLOOR <= crowd_interval(crowd) <= interval(min(crowd)) + 1e-9


def test_a_crowd_of_equals_divides_the_interval_by_the_root_of_its_number() -> None:
    assert crowd_interval([895.0] * 25) == pytest.approx(sqrt(900) / 5)
    assert crowd_interval([895.0] * 25, requests=4) == pytest.approx(2 * sqrt(900) / 5)
    assert crowd_interval([]) == CEILING


@given(st.floats(0.5, 30), st.integers())
def test_jitter_stays_within_its_tenth(seconds: float, seed: int) -> None:
    assert seconds * (1 - JITTER) <= jittered(seconds, Random(seed)) <= seconds * (1 + JITTER)


@given(some_jobs, st.floats(0, 60), st.integers(0, 20), st.integers(1, 200), st.floats(0.1, 100))
def test_whatever_the_jobs_say_the_next_look_is_in_time(
    jobs: list[Watched], ago: float, failures: int, took: int, budget: float
) -> None:
    look = next_look(NOW, jobs, budget, Random(1), since=NOW - ago, took=took, failures=failures)

    first = min(job.deadline for job in jobs)
    # A deadline may draw a look back to itself, by less than the floor.
    assert NOW <= look.at <= max(NOW, NOW - ago + CEILING) + FLOOR
    assert look.at <= first
    assert sorted(look.ids) == sorted(job.key for job in jobs)
    assert look.feed == 0
    assert look.last == {job.key for job in jobs if look.at == first and job.deadline <= first + FLOOR}


@given(st.lists(progress, max_size=400), st.floats(1, 1500))
def test_no_lie_costs_more_than_a_dozen_looks_beyond_the_blind_watch(said: list[float | None], end: float) -> None:
    lies = iter(said)
    blind = looks_until(end)

    lied_to = looks_until(end, lambda _at: next(lies, None))

    # The two runs draw other jitter: a tenth on top.
    assert len(lied_to) <= len(blind) * 1.25 + TRIES + 2


@given(st.lists(progress, max_size=50), st.floats(1, 1500))
def test_no_lie_puts_a_look_off_beyond_four_blind_intervals(said: list[float | None], end: float) -> None:
    lies = iter(said)

    times = looks_until(end, lambda _at: next(lies, None))

    for before, after in pairwise(times):
        assert after - before <= min(REACH * interval(before) * (1 + JITTER), CEILING) + 1e-6


@pytest.mark.parametrize("lie", [99, 100, 101, -1, nan, inf])
def test_a_job_that_says_the_same_for_ever_is_soon_watched_as_seldom_as_a_silent_one(lie: float) -> None:
    times = looks_until(3000.0, lambda _at: lie)

    late = [after - before for before, after in pairwise(times) if before > 2000]
    assert min(late) > 0.8 * CEILING


def test_progress_that_goes_backwards_is_not_asked_again() -> None:
    job = Watched("job", 0.0).looked(10.0, 50).looked(20.0, 40).looked(21.0, 60)

    assert job.left is None
    assert job.wait == interval(21.0)


def test_a_row_without_progress_leaves_what_was_known() -> None:
    job = Watched("job", 0.0).looked(10.0, 50)

    assert job.looked(12.0).last == Sighting(12.0, 50)
    assert job.looked(12.0).moved == 10.0


def test_the_speed_of_late_counts_besides_the_speed_overall() -> None:
    steady = Watched("job", 0.0).looked(10.0, 20).looked(20.0, 40)
    faster = Watched("job", 0.0).looked(10.0, 10).looked(20.0, 40)

    assert steady.left == pytest.approx(30.0)
    assert faster.left == pytest.approx(60 / 2.5)


@given(st.floats(5, 600), st.floats(0.5, 2))
def test_honest_progress_is_seen_ending_soon_and_cheaply(length: float, bow: float) -> None:
    times = looks_until(length, lambda at: floor(100 * min(at / length, 1) ** bow))

    assert len(times) <= len(looks_until(length)) * 1.25 + 4
    assert times[-1] - length <= REACH * interval(length)


def test_honest_linear_progress_of_a_minute_takes_ten_looks_and_a_second_at_most() -> None:
    for length in range(40, 80):
        times = looks_until(length, partial(percent, length))

        assert len(times) <= 10
        assert times[-1] - length <= 1.2


@given(st.floats(0.01, 500))
def test_the_last_look_falls_on_the_deadline(deadline: float) -> None:
    times = looks_until(1000.0, deadline=deadline)

    assert times[-1] == deadline
    assert times == sorted(set(times))


def test_deadlines_close_behind_each_other_share_the_last_look() -> None:
    jobs = [Watched(f"{i}", 0.0, 100.0 + i / 10).looked(99.0) for i in range(20)]

    look = next_look(99.0, jobs, BUDGET, Random(1), since=99.0)

    assert look.at == 100.0
    assert look.last == {"0", "1", "2", "3", "4", "5"}


def test_a_new_job_is_first_looked_at_after_half_a_second() -> None:
    old = Watched("old", -1000.0).looked(0.0)

    look = next_look(10.0, [old, Watched("new", 10.0)], BUDGET, Random(1), since=0.0)

    assert look.at == 10.0 + FLOOR


def test_up_to_a_page_of_jobs_is_asked_for_by_id() -> None:
    look = next_look(0.0, [Watched(f"{i}", 0.0) for i in range(PAGE)], BUDGET, Random(1))

    assert (len(look.ids), look.feed, look.requests) == (PAGE, 0, 1)


def test_more_than_a_page_is_watched_by_what_ended() -> None:
    look = next_look(0.0, [Watched(f"{i}", 0.0) for i in range(1000)], BUDGET, Random(1))

    assert (look.ids, look.feed, look.requests) == ((), 10, 1)


def test_in_a_crowd_those_unseen_for_longest_are_asked_for_by_id() -> None:
    jobs = [Watched(f"{i}", 0.0).looked(float(i % 20)) for i in range(200)]

    look = next_look(35.0, jobs, BUDGET, Random(1), since=35.0)

    assert look.feed == 2
    assert {int(key) % 20 for key in look.ids} == set(range(10))


def test_a_deadline_in_a_crowd_asks_for_that_job_by_id() -> None:
    jobs = [Watched(f"{i}", 0.0, 10.0 if i == 7 else inf) for i in range(200)]

    look = next_look(9.8, jobs, BUDGET, Random(1), since=9.7)

    assert (look.at, look.ids) == (10.0, ("7",))
    assert look.last == {"7"}


@pytest.mark.parametrize(("number", "budget"), [(1, 5.0), (50, 80.0), (300, 20.0), (1000, 80.0), (5000, 40.0)])
def test_looking_keeps_to_its_share_of_the_budget_and_nobody_is_forgotten(number: int, budget: float) -> None:
    rng, now, asked = Random(1), 0.0, 0
    jobs = {f"{i}": Watched(f"{i}", 0.0) for i in range(number)}
    while now < 120:
        look = next_look(now, list(jobs.values()), budget, rng, since=now)
        now, asked = look.at, asked + look.requests
        for key in look.ids:
            jobs[key] = jobs[key].looked(now)

    assert asked <= SHARE * budget * now * 1.01
    assert min(job.seen for job in jobs.values()) >= now - 2.1 * CEILING


def test_a_server_in_trouble_is_asked_less_and_less_and_then_as_before() -> None:
    jobs = [Watched(f"{i}", 0.0).looked(10.0) for i in range(50)]

    gaps = [next_look(10.0, jobs, BUDGET, Random(1), since=10.0, failures=n).at - 10.0 for n in range(9)]

    assert gaps == sorted(gaps)
    assert gaps[0] < 1
    assert gaps[-1] == CEILING


def test_a_look_that_took_many_requests_is_paid_for_by_a_longer_gap() -> None:
    jobs = [Watched(f"{i}", 0.0) for i in range(2000)]

    look = next_look(10.0, jobs, BUDGET, Random(1), since=10.0, took=16)

    assert look.at == pytest.approx(10.0 + 16 / (SHARE * BUDGET))
