"""Thousands of moves in bad weather: at most one job a key, and no move is ever lost silently.

LEAD_MOVES_RUNS and LEAD_MOVES_SEED choose how many and from which seed; `make prove` runs 10,000. A seed that
fails here fails alone too: LEAD_MOVES_SEED=<it> LEAD_MOVES_RUNS=1.
"""

import itertools
import multiprocessing
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from leadmoves.ledger import State
from tests.faults import unprotected
from tests.faults.weather import weather
from tests.faults.world import Rules, Story, empty_ledger, run

SEED = int(os.environ.get("LEAD_MOVES_SEED", "1"))
RUNS = int(os.environ.get("LEAD_MOVES_RUNS", "10000" if os.environ.get("LEAD_MOVES_PROVE") else "150"))
WORTH_A_PROCESS = 500  # runs: below it a second process costs more than it saves
BATCH = 50


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    empty_ledger(tmp_path)
    return tmp_path


def lived(seeds: Iterable[int], folder: Path) -> list[Story]:
    return [run(weather(seed), folder) for seed in seeds]


def all_lived(folder: Path) -> Iterator[Story]:
    """The stories of all seeds, told by two processes where that is quicker."""
    batches = [range(at, min(at + BATCH, SEED + RUNS)) for at in range(SEED, SEED + RUNS, BATCH)]
    if RUNS < WORTH_A_PROCESS:
        yield from itertools.chain.from_iterable(lived(batch, folder) for batch in batches)
        return
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        yield from itertools.chain.from_iterable(pool.map(lived, batches, itertools.repeat(folder)))


def test_a_key_has_at_most_one_job_and_no_move_is_lost(folder: Path) -> None:
    stories = list(all_lived(folder))

    print(f"\n{told(stories)}")
    assert len(stories) == RUNS
    assert {story.seed: story.fault for story in stories if story.fault} == {}


def told(stories: list[Story]) -> str:
    ends = Counter(str(story.row.outcome or story.row.state) for story in stories)
    strangers = sum(bool(story.strangers) for story in stories)
    return (
        f"{len(stories):,} moves from seed {SEED}: {sum(s.duplicate for s in stories)} duplicates, "
        f"{sum(bool(s.fault) and not s.duplicate for s in stories)} lost, {dict(ends)}, "
        f"{sum(s.row.adopted for s in stories)} adopted; {strangers} had strangers with the same body, "
        f"of which {sum(s.adopted_a_stranger for s in stories)} were adopted"
    )


# The other way round: the same weather, and one protection less. The promise must break, or nothing was tested.

ENOUGH = 200  # seeds; most break within ten


def first_broken(folder: Path, rules: Rules | None = None, *, within: bool = True) -> Story:
    """The first story that breaks the promise."""
    stories = (run(weather(seed, within=within), folder, rules) for seed in range(1, ENOUGH))
    return next(story for story in stories if story.fault)


def test_a_list_that_lags_longer_than_the_settle_time_makes_duplicates(folder: Path) -> None:
    stories = (run(weather(seed, within=False), folder) for seed in range(1, ENOUGH))

    assert any(story.duplicate for story in stories)


@pytest.mark.parametrize(
    ("without", "broken"),
    [
        pytest.param(unprotected.WITHOUT_SETTLING, "2 jobs", id="settling"),
        pytest.param(unprotected.MARKED_AFTERWARDS, "jobs", id="sending-before-the-first-byte"),
        pytest.param(unprotected.SENT_AGAIN, "jobs", id="doubting-a-lost-answer"),
        pytest.param(unprotected.WITHOUT_OWNER, "jobs", id="one-owner-and-the-state-it-expects"),
        pytest.param(unprotected.WITHOUT_BASELINE, "its own job is no candidate", id="baseline"),
    ],
)
def test_it_breaks_without(without: Rules, broken: str, folder: Path) -> None:
    story = first_broken(folder, without)

    assert broken in str(story.fault)


def test_strangers_lead_into_doubt_and_never_to_a_second_post(folder: Path) -> None:
    stories = [run(weather(seed), folder) for seed in range(1000, 1030) if weather(seed).strangers]

    assert [story.seed for story in stories if story.duplicate] == []
    assert all(story.row.state is not State.SENDING for story in stories)
