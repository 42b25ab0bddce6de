"""A process that carries one move out, and may be told where to die.

`python -m tests.faults.victim OCCASION [DECISION]` reads the environment like the command line does. At the named
decision it kills itself with SIGKILL: no switch in the product, its own listener is the knife.
"""

import asyncio
import json
import os
import signal
import sys
from collections import Counter
from pathlib import Path

from leadmoves.begin import begin
from leadmoves.course import Course
from leadmoves.decisions import Decision
from leadmoves.plan import parse_plan
from leadmoves.settings import read_settings
from leadmoves.workspace import open_workspace


async def live(occasion: str, die_at: str | None) -> None:
    """From the intent to the report, or to the named decision."""
    heard: Counter[str] = Counter()

    def listen(decision: Decision) -> None:
        heard[decision.decided] += 1
        if decision.decided == die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    settings = read_settings()
    plan = parse_plan(os.environ["PLAN"], folder=Path(), name="plan")
    async with open_workspace(settings, settings.required_key(), listener=listen) as desk:
        [row] = await begin(desk.ledger, plan, occasion)
        course = Course(desk, row, verified=False)
        watching = asyncio.create_task(desk.watch.run())
        if not (report := course.finished):
            await course.submit()
            report = course.finished or await course.conclude(course.report(await course.ending()))
        await desk.ledger.told([report.key])
        desk.watch.close()
        await watching
    sys.stdout.write(json.dumps({"report": report.model_dump(mode="json"), "heard": heard}))


if __name__ == "__main__":
    asyncio.run(live(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None))
