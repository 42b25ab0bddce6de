"""Thousands of moves in bad weather: at most one job a key, and no move is ever lost silently.

LEAD_MOVES_RUNS and LEAD_MOVES_SEED choose how many and from which seed; `make prove` runs 10,000. A seed that
fails here fails alone too: LEAD_MOVES_SEED=<it> LEAD_MOVES_RUNS=1.
"""

import itertools
import multiprocessing
import os
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from tests.faults import unprotected
from tests.faults.weather import weather
from tests.faults.world import Rules, Story, stories

SEED = int(os.environ.get("LEAD_MOVES_SEED", "1"))
RUNS = int(os.environ.get("LEAD_MOVES_RUNS", "10000" if os.environ.get("LEAD_MOVES_PROVE") else "150"))
WORTH_A_PROCESS = 500  # runs: below it a second process costs more than it saves
BATCH = 50


def lived(seeds: range, folder: Path) -> list[Story]:
    return stories(map(weather, seeds), folder / f"{seeds.start}.sqlite")


def all_lived(folder: Path) -> Iterator[Story]:
    """The stories of all seeds, told by two processes where that is quicker."""
    batches = [range(at, min(at + BATCH, SEED + RUNS)) for at in range(SEED, SEED + RUNS, BATCH)]
    if RUNS < WORTH_A_PROCESS:
        yield from itertools.chain.from_iterable(lived(batch, folder) for batch in batches)
        return
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        yield from itertools.chain.from_iterable(pool.map(lived, batches, itertools.repeat(folder)))


def test_a_key_has_at_most_one_job_and_no_move_is_lost(tmp_path: Path) -> None:
    told = list(all_lived(tmp_path))

    print(f"\n{summary(told)}")
    assert len(told) == RUNS
    assert {story.seed: story.fault for story in told if story.fault} == {}


def summary(told: list[Story]) -> str:
    ends = Counter(str(story.row.outcome or story.row.state) for story in told)
    return (
        f"{len(told):,} moves from seed {SEED}: {sum(s.duplicate for s in told)} duplicates, "
        f"{sum(bool(s.fault) and not s.duplicate for s in told)} lost, {dict(ends)}, "
        f"{sum(s.row.adopted for s in told)} adopted; {sum(bool(s.strangers) for s in told)} had strangers with "
        f"the same body, of which {sum(s.adopted_a_stranger for s in told)} were adopted"
    )


# The other way round: the same weather, and one protection less. The promise must break, or nothing was tested.

ENOUGH = 200  # seeds; most break within ten


def broken(file: Path, rules: Rules | None = None, *, within: bool = True) -> Iterator[str]:
    """How the promise breaks, in a few seeds at a time."""
    for at in range(1, ENOUGH, 5):
        some = [weather(seed, within=within) for seed in range(at, at + 5)]
        yield from (story.fault for story in stories(some, file, rules) if story.fault)


def test_a_list_that_lags_longer_than_the_settle_time_makes_duplicates(tmp_path: Path) -> None:
    assert "2 jobs" in broken(tmp_path / "ledger.sqlite", within=False)


@pytest.mark.parametrize(
    ("without", "how"),
    [
        pytest.param(unprotected.WITHOUT_SETTLING, "2 jobs", id="settling"),
        pytest.param(unprotected.MARKED_AFTERWARDS, "2 jobs", id="sending-before-the-first-byte"),
        pytest.param(unprotected.SENT_AGAIN, "2 jobs", id="doubting-a-lost-answer"),
        pytest.param(unprotected.WITHOUT_OWNER, "2 jobs", id="one-owner-and-the-state-it-expects"),
        pytest.param(unprotected.WITHOUT_BASELINE, "accepted as a job that is not its own", id="baseline"),
    ],
)
def test_it_breaks_without(without: Rules, how: str, tmp_path: Path) -> None:
    assert how in broken(tmp_path / "ledger.sqlite", without)


def test_strangers_lead_into_doubt_and_never_to_a_second_post(tmp_path: Path) -> None:
    crowded = [weather(seed) for seed in range(1000, 1200) if any(s.same_body for s in weather(seed).strangers)]
    told = stories(crowded, tmp_path / "ledger.sqlite")

    assert len(told) >= 5
    assert [story.fault for story in told if story.fault] == []
