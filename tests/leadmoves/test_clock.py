import asyncio
import threading
import time

import pytest

from leadmoves import clock
from leadmoves.clock import VIRTUAL_EPOCH, LoopClock, SystemClock, run_virtually
from tests.leadmoves.scene import virtually


@virtually
async def test_a_day_passes_at_once_and_everybody_agrees_what_time_it_is() -> None:
    one, begun = LoopClock(), time.perf_counter()

    await asyncio.gather(one.sleep(86_400), asyncio.sleep(3_600))

    assert one.monotonic() == 86_400
    assert one.now() == VIRTUAL_EPOCH + 86_400
    assert time.perf_counter() - begun < 1


@virtually
async def test_timers_go_off_in_order_at_their_own_time() -> None:
    went: list[tuple[str, float]] = []

    async def go(name: str, seconds: float) -> None:
        await LoopClock().sleep(seconds)
        went.append((name, LoopClock().monotonic()))

    await asyncio.gather(go("late", 9.5), go("soon", 0.25), go("now", 0))

    assert went == [("now", 0), ("soon", 0.25), ("late", 9.5)]


@virtually
async def test_time_outs_of_the_library_are_virtual_too() -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.Event().wait(), 1_000)

    assert LoopClock().monotonic() == 1_000


@virtually
async def test_two_clocks_may_disagree_like_two_machines() -> None:
    right, wrong = LoopClock(), LoopClock(skew=-300)

    assert right.now() - wrong.now() == 300
    assert right.monotonic() == wrong.monotonic()


@virtually
async def test_another_thread_can_wake_a_loop_that_has_no_timer() -> None:
    loop, woken = asyncio.get_running_loop(), asyncio.Event()
    threading.Thread(target=loop.call_soon_threadsafe, args=(woken.set,)).start()

    await woken.wait()


def test_a_wait_for_nothing_is_named_instead_of_hanging(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "DEADLOCK_AFTER", 0.01)

    with pytest.raises(RuntimeError, match="virtual time stands still"):
        run_virtually(asyncio.Event().wait())


async def test_the_machines_clock_is_the_machines() -> None:
    system = SystemClock()
    wall, begun = time.time(), system.monotonic()

    await system.sleep(0.002)

    assert system.monotonic() - begun >= 0.002
    assert abs(system.now() - wall) < 5
