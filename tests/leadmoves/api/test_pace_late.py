"""What leaves later than its place, for a slow disk or a busy machine, must not meet the places that follow."""

import asyncio
from pathlib import Path
from random import Random

import pytest

from leadmoves.api.pace import SharedPace, pace_by_file
from leadmoves.clock import LoopClock
from tests.leadmoves.scene import virtually

PER_SECOND, PROCESSES, EACH = 10, 4, 40


@pytest.mark.parametrize("seed", range(5))
def test_windows_hold_for_what_leaves_late(tmp_path: Path, seed: int) -> None:
    left: list[float] = []
    rng = Random(seed)

    async def sender(pace: SharedPace) -> None:
        async def write() -> None:
            await asyncio.sleep(rng.choice([0.0, 0.0, 0.005, 0.25]))

        for _ in range(EACH):
            async with pace.turn(write):
                left.append(LoopClock().monotonic())

    @virtually
    async def run() -> None:
        senders = [
            pace_by_file(tmp_path / "pace", PER_SECOND, 60 * PER_SECOND, LoopClock()) for _ in range(PROCESSES)
        ]
        await asyncio.gather(*map(sender, senders))
        for pace in senders:
            pace.close()

    run()
    left.sort()
    assert len(left) == PROCESSES * EACH
    assert min(later - at for at, later in zip(left, left[PER_SECOND:], strict=False)) >= 1.0
    assert left[-1] - left[0] < len(left) / PER_SECOND / 0.8  # a quarter of them a quarter of a second late
