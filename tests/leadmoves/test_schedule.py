from heapq import heappop, heappush
from itertools import combinations
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadmoves.schedule import Claim, Order, Schedule, busiest

places = st.integers(0, 6)
claims = st.builds(Claim, places, places, st.booleans())
plans = st.lists(claims, max_size=30)
lengths = st.lists(st.floats(0.1, 10), min_size=30, max_size=30)


def run(
    plan: list[Claim], lengths: list[float] | None = None, side_by_side: int | None = None
) -> dict[int, tuple[float, float]]:
    """Runs a plan in virtual time: when each move began and ended."""
    lengths = lengths or [1.0] * len(plan)
    schedule, now = Schedule(Order.of(plan), side_by_side), 0.0
    ends: list[tuple[float, int]] = []
    spans = {}
    while not schedule.done:
        for move in schedule.take():
            spans[move] = (now, now + lengths[move])
            heappush(ends, (now + lengths[move], move))
        now, move = heappop(ends)
        schedule.ended(move)
    return spans


def makespan(spans: dict[int, tuple[float, float]]) -> float:
    return max((end for _, end in spans.values()), default=0.0)


def chained(number: int) -> list[Claim]:
    return [Claim(i, i + 1) for i in range(number)]


@given(plans, lengths, st.one_of(st.none(), st.integers(1, 4)))
def test_every_plan_comes_to_its_end_and_runs_each_move_once(
    plan: list[Claim], lengths: list[float], side_by_side: int | None
) -> None:
    assert sorted(run(plan, lengths, side_by_side)) == list(range(len(plan)))


@given(plans, lengths, st.one_of(st.none(), st.integers(1, 4)))
def test_moves_that_share_a_list_or_campaign_never_run_together(
    plan: list[Claim], lengths: list[float], side_by_side: int | None
) -> None:
    spans = run(plan, lengths, side_by_side)

    for one, other in combinations(range(len(plan)), 2):
        if {plan[one].source, plan[one].destination} & {plan[other].source, plan[other].destination}:
            assert spans[one][1] <= spans[other][0] or spans[other][1] <= spans[one][0]


@given(plans, lengths, st.one_of(st.none(), st.integers(1, 4)))
def test_moves_that_share_anything_keep_the_order_of_the_plan_unless_both_let_go_of_it(
    plan: list[Claim], lengths: list[float], side_by_side: int | None
) -> None:
    spans = run(plan, lengths, side_by_side)

    for one, other in combinations(range(len(plan)), 2):
        first, second = plan[one], plan[other]
        flows = first.source in (second.source, second.destination) or first.destination == second.source
        places_kept = first.keeps_place or second.keeps_place
        if flows or (first.destination == second.destination and places_kept):
            assert spans[one][1] <= spans[other][0]


@given(plans, st.integers(1, 4))
def test_the_limit_side_by_side_is_kept_and_used(plan: list[Claim], side_by_side: int) -> None:
    schedule = Schedule(Order.of(plan), side_by_side)
    while not schedule.done:
        schedule.take()

        assert 1 <= len(schedule.running) <= side_by_side
        schedule.ended(min(schedule.running))


@given(plans, lengths)
def test_a_plan_in_order_takes_no_longer_than_its_critical_path(plan: list[Claim], lengths: list[float]) -> None:
    strict = [Claim(claim.source, claim.destination) for claim in plan]
    order = Order.of(strict, lengths[: len(plan)])

    assert makespan(run(strict, lengths)) == pytest.approx(order.critical_path)
    assert order.critical_path >= busiest(strict, lengths) - 1e-9


@given(st.permutations(range(12)))
def test_whoever_ends_first_nothing_gets_stuck(luck: list[int]) -> None:
    plan = [Claim(i % 4, 10 + i % 3, keeps_place=i % 2 == 0) for i in range(12)]
    schedule = Schedule(Order.of(plan))
    while not schedule.done:
        schedule.take()
        schedule.ended(min(schedule.running, key=luck.index))

    assert not schedule.running


def test_moves_that_share_nothing_all_start_at_once() -> None:
    assert Schedule(Order.of([Claim(f"list {i}", f"campaign {i}") for i in range(9)])).take() == list(range(9))


def test_the_longest_chain_goes_first() -> None:
    plan = [Claim("a", "b"), Claim("c", "d"), Claim("d", "e")]

    assert Schedule(Order.of(plan)).take() == [1, 0]
    assert Schedule(Order.of(plan, lengths=[9, 1, 1])).take() == [0, 1]


def test_lists_that_fill_the_same_campaigns_do_not_queue_behind_each_other() -> None:
    plan = [Claim(f"list {a}", b) for a in range(10) for b in (*range(25), *range(25))]
    loose = [Claim(claim.source, claim.destination, keeps_place=False) for claim in plan]

    assert makespan(run(loose)) <= 1.25 * busiest(plan)
    assert makespan(run(plan)) > 5 * busiest(plan)


def test_a_move_that_never_ends_holds_up_only_its_followers() -> None:
    plan = [Claim("a", "b"), Claim("b", "c"), Claim("x", "y"), Claim("y", "z")]
    schedule = Schedule(Order.of(plan))

    assert sorted(schedule.take()) == [0, 2]
    schedule.ended(2)

    assert schedule.take() == [3]
    schedule.ended(3)

    assert schedule.take() == []
    assert schedule.running == {0}
    assert not schedule.done


def test_an_empty_plan_is_done() -> None:
    assert Schedule(Order.of([])).done
    assert Order.of([]).critical_path == busiest([]) == 0


def test_a_move_that_does_not_run_cannot_end() -> None:
    with pytest.raises(KeyError):
        Schedule(Order.of(chained(3))).ended(1)


def test_no_moves_side_by_side_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Schedule(Order.of([]), side_by_side=0)


@pytest.mark.parametrize("loose", [False, True])
def test_twenty_thousand_moves_in_one_lane_need_no_recursion_and_little_time(loose: bool) -> None:
    begun = process_time()
    plan = [Claim(f"list {i}", "campaign", keeps_place=not loose) for i in range(20_000)]
    schedule = Schedule(Order.of(plan))
    while not schedule.done:
        schedule.ended(schedule.take()[0])

    assert process_time() - begun < 2
