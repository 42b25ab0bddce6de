"""A process that carries one move out to its report, and is killed or stopped where it is told.

`python -m tests.faults.carrier OCCASION [kill|stop POINT]` reads the environment like the command line does. A
point is a decision of the core, or a step between them. No switch in the product: its own listener is the knife.
UNFENCED in the environment takes the fence before the first byte away.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from leadmoves.begin import begin
from leadmoves.course import Course
from leadmoves.plan import parse_plan
from leadmoves.settings import read_settings
from leadmoves.submit import send
from leadmoves.workspace import open_workspace

SIGNALS = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}


def knife(how: str | None, point: str | None) -> Callable[[str], None]:
    """What to call at each point: at the named one, the first time, the signal falls."""
    left = [point]

    def at(reached: str) -> None:
        if how and reached == left[0]:
            left[0] = None
            os.kill(os.getpid(), SIGNALS[how])

    return at


async def carry_out(occasion: str, at: Callable[[str], None]) -> None:
    """From the intent to the report."""
    settings = read_settings()
    plan = parse_plan(os.environ["PLAN"], folder=Path(), name="plan")
    key = settings.required_key()
    async with open_workspace(settings, key, listener=lambda decision: at(decision.decided)) as desk:
        [row] = await begin(desk.ledger, plan, occasion)
        at("begun")
        course = Course(desk, row, verified=False)
        watching = asyncio.create_task(desk.watch.run())
        if not (report := course.finished):
            await course.submit()
            if not (report := course.finished):
                ending = await course.ending()
                at("waited")
                report = await course.conclude(course.report(ending))
        at("concluded")
        await desk.ledger.told([report.key])
        at("told")
        desk.watch.close()
        await watching
    sys.stdout.write(report.model_dump_json())


if __name__ == "__main__":
    if os.environ.get("UNFENCED"):
        send.Fence = lambda *_: lambda: None  # type: ignore[misc,assignment]
    how, point = sys.argv[2:4] if len(sys.argv) > 2 else (None, None)
    asyncio.run(carry_out(sys.argv[1], knife(how, point)))
