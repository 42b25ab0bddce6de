"""Real processes of one machine share a budget file."""

from pathlib import Path

from tests.pace.crowd import ALLOWED, MANY, PER_SECOND, Crowd, crowd, once_of_some


def test_four_processes_keep_to_one_budget_use_it_and_share_it_fairly(tmp_path: Path) -> None:
    once_of_some(
        lambda seen: seen.kept and seen.least_share >= 0.5,
        lambda attempt: crowd(f"{tmp_path}/pace-{attempt}.sqlite"),
    )


def test_a_visitor_waits_for_a_few_turns_however_much_the_others_want(tmp_path: Path) -> None:
    """Each process stands in line with one request at a time: a small move is not behind a plan of a thousand."""

    def soon(seen: Crowd) -> bool:
        waits = sorted(seen.waited)
        return waits[len(waits) // 2] < 8 / PER_SECOND and waits[-1] < 1.5

    once_of_some(soon, lambda attempt: crowd(f"{tmp_path}/pace-{attempt}.sqlite", (8 * MANY, 8 * MANY, 1)))


def test_a_429_that_one_process_meets_slows_them_all(tmp_path: Path) -> None:
    """The API allows half of the budget: each stops when one is refused, and then half the rate is just right."""
    seen = crowd(f"{tmp_path}/pace.sqlite", allowed=PER_SECOND // 2)

    assert 0 < seen.throttled < ALLOWED // 2
    assert seen.used < 0.6
