"""Who was stopped between «sending» and the first byte, for longer than the lease, does not send any more."""

from pathlib import Path

import pytest
from pydantic import SecretStr

import sandbox
from leadmoves.api import Instantly
from leadmoves.api.pace import pace_alone
from leadmoves.clock import SystemClock
from leadmoves.decisions import Decided, Decision
from leadmoves.errors import NotSent
from leadmoves.ledger import State
from leadmoves.submit.fence import Fence
from tests.leadmoves.scene import virtually
from tests.leadmoves.submit.desk import LEASE, Desk


class Stopwatch:
    """Wall time and monotonic time, set apart from each other."""

    def __init__(self) -> None:
        self.wall = self.steady = 0.0

    def now(self) -> float:
        return self.wall

    def monotonic(self) -> float:
        return self.steady

    async def sleep(self, seconds: float) -> None: ...


@pytest.mark.parametrize(("wall", "steady"), [(15.1, 0.0), (0.0, 15.1), (-3600.0, 16.0)])
def test_either_time_is_enough_to_forbid_it(wall: float, steady: float) -> None:
    clock = Stopwatch()
    fence = Fence(clock, 20.0)
    fence()
    clock.wall, clock.steady = wall, steady

    with pytest.raises(NotSent, match="stopped for"):
        fence()


@pytest.mark.parametrize("calls", [1, 2, 3])
async def test_a_post_forbidden_before_any_of_its_bytes_does_nothing(calls: int) -> None:
    """Asked at once, when the connection stands before the headers, and before the body."""
    asked = 0

    def still() -> None:
        nonlocal asked
        asked += 1
        if asked == calls:
            raise NotSent("the fence", "no")

    async def before() -> object:
        return still

    here = sandbox.Sandbox()
    source, to = here.workspace.add_list("a"), here.workspace.add_list("b")
    async with here.listening() as url:
        clock = SystemClock()
        async with Instantly(SecretStr("sandbox-key"), url, pace=pace_alone(80, 4800, clock)) as api:
            with pytest.raises(NotSent):
                await api.move_leads({"list_id": source.id, "to_list_id": to.id}, before)

    assert asked == calls
    assert not here.jobs.by_id


@virtually
async def test_whoever_was_stopped_after_sending_and_lost_nothing_sends_afterwards(tmp_path: Path) -> None:
    async with Desk(tmp_path) as desk:
        stops = [10 * LEASE]

        def stopped(decision: Decision) -> None:
            if decision.decided is Decided.SENDING and stops:
                desk.scene.clock.skew += stops.pop()

        process = await desk.process(listener=stopped)
        row = await process.submit(await process.intend(desk.body))

        assert (row.state, [row.job_id]) == (State.ACCEPTED, desk.jobs)
        assert (row.posts, desk.requests("POST")) == (2, 1)
