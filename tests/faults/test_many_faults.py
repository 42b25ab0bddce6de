"""One key, at most one job, nothing lost: thousands of moves through generated weather, counted at the sandbox.

`make test` runs some hundreds, `make prove` 10,000. LEAD_MOVES_SEED and LEAD_MOVES_RUNS choose others.
"""

import os
from collections import Counter
from pathlib import Path

import pytest

from leadmoves.ledger import State
from tests.faults.unprotected import (
    MARKED_AFTERWARDS,
    SENT_AGAIN,
    WITHOUT_BASELINE,
    WITHOUT_OWNER,
    WITHOUT_SETTLING,
)
from tests.faults.weather import weather
from tests.faults.world import Rules, Story, empty_ledger, run

PROVE = bool(os.environ.get("LEAD_MOVES_PROVE"))
RUNS = int(os.environ.get("LEAD_MOVES_RUNS") or (10_000 if PROVE else 250))
SEED = int(os.environ.get("LEAD_MOVES_SEED") or 20_261_123)
ENOUGH = 400  # seeds within which a missing protection must show


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    here = tmp_path_factory.mktemp("ledgers")
    empty_ledger(here)
    return here


def _told(stories: list[Story]) -> str:
    ends = Counter(f"{story.row.state}/{story.row.outcome or ''}".rstrip("/") for story in stories)
    adopted = sum(story.adopted_a_stranger for story in stories)
    doubts = sum(story.row.state is State.IN_DOUBT for story in stories)
    return f"seed {SEED}, {len(stories)} moves: {dict(ends)}, in doubt {doubts}, strangers adopted {adopted}"


def test_no_move_is_duplicated_and_none_is_lost_whatever_the_weather(folder: Path) -> None:
    stories = [run(weather(SEED + n), folder) for n in range(RUNS)]
    print(_told(stories))

    assert [(story.seed, story.fault) for story in stories if story.fault] == []
    assert sum(len(story.ours) for story in stories) > RUNS / 2, "the weather let hardly any move through"


def _first_fault(folder: Path, rules: Rules, *, within: bool = True) -> Story | None:
    """The first of the seeds whose move is duplicated or lost."""
    for n in range(ENOUGH):
        story = run(weather(SEED + n, within=within), folder, rules)
        if story.fault:
            print(f"seed {story.seed}: {story.fault}")
            return story
    return None


def test_a_list_that_lags_behind_the_settle_time_can_produce_a_duplicate(folder: Path) -> None:
    """The assumption of the promise, and the proof that the count above can fail."""
    story = _first_fault(folder, Rules(), within=False)

    assert story
    assert story.fault


@pytest.mark.parametrize(
    "rules",
    [
        pytest.param(WITHOUT_SETTLING, id="without settling"),
        pytest.param(WITHOUT_BASELINE, id="without a baseline"),
        pytest.param(MARKED_AFTERWARDS, id="«sending» written after the POST"),
        pytest.param(SENT_AGAIN, id="a lost answer sent again at once"),
        pytest.param(WITHOUT_OWNER, id="without owners"),
    ],
)
def test_each_protection_is_missed_when_it_is_taken_out(folder: Path, rules: Rules) -> None:
    assert _first_fault(folder, rules) is not None
