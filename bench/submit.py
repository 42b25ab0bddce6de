"""What the protocol adds to one undisturbed submit, and how many a second the ledger takes.

`python -m bench.submit`: real time, a SQLite file on this disk, the sandbox in process (its own time subtracted by
measuring the bare POST the same way). PostgreSQL where LEAD_MOVES_BENCH_POSTGRES names a database.
"""

import asyncio
import os
import statistics
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import SecretStr

import sandbox
from leadmoves.begin import begin
from leadmoves.course import Course
from leadmoves.plan import Plan, check_plan
from leadmoves.settings import Settings, async_url
from leadmoves.workspace import Workspace, open_workspace

SUBMITS = 200
GOAL_MS, GOAL_GETS = 15.0, 1


def scene(moves: int) -> tuple[sandbox.Sandbox, Plan]:
    """A sandbox without limits and a plan of independent moves."""
    settings = sandbox.Settings(seconds_per_job=0.0, per_second=None, per_minute=None)
    here = sandbox.create(leads=10, seed=1, settings=settings)
    made = []
    for number in range(moves):
        source, to = here.workspace.add_list(f"from {number}"), here.workspace.add_list(f"to {number}")
        here.workspace.add_leads(source, 1)
        request = {"list_id": source.id, "to_list_id": to.id, "limit": 1}
        made.append({"name": f"move {number}", "request": request})
    return here, check_plan({"moves": made})


async def timed(work: Callable[[], Awaitable[object]]) -> float:
    """Milliseconds."""
    begun = time.perf_counter()
    await work()
    return 1000 * (time.perf_counter() - begun)


async def measured(ledger: str) -> dict[str, float]:
    """Bare POSTs, submits one after the other, submits side by side."""
    here, plan = scene(3 * SUBMITS)
    settings = Settings(url="http://127.0.0.1", per_second=100_000, per_minute=6_000_000, ledger=SecretStr(ledger))
    key = SecretStr(here.settings.key)
    async with open_workspace(settings, key, transport=here.transport()) as desk:
        rows = await begin(desk.ledger, plan, "bench")
        courses = [Course(desk, row, verified=False) for row in rows]
        bare = [await timed(partial(desk.api.move_leads, c.row.body)) for c in courses[:SUBMITS]]
        gets = _gets(here)
        one = [await timed(c.submit) for c in courses[SUBMITS : 2 * SUBMITS]]
        gets = _gets(here) - gets
        many = await timed(lambda: _side_by_side(desk, courses[2 * SUBMITS :]))
    return {
        "bare POST ms": statistics.median(bare),
        "submit ms": statistics.median(one),
        "added ms": statistics.median(one) - statistics.median(bare),
        "added GETs": gets / SUBMITS,
        "submits/s side by side": 1000 * SUBMITS / many,
    }


async def _side_by_side(desk: Workspace, courses: list[Course]) -> None:
    desk.submitter.expect([course.row for course in courses])
    await asyncio.gather(*(course.submit() for course in courses))


def _gets(here: sandbox.Sandbox) -> int:
    return sum(n for name, n in here.stats_now()["requests"].items() if name.startswith("GET"))


def main() -> None:
    """Print a line a database, and whether the goals are met."""
    with TemporaryDirectory(prefix="lead-moves-bench-") as folder:
        ledgers = {"SQLite": f"sqlite:///{Path(folder)}/ledger.sqlite"}
        if postgres := os.environ.get("LEAD_MOVES_BENCH_POSTGRES"):
            ledgers["PostgreSQL"] = async_url(postgres)
        rows = {name: asyncio.run(measured(url)) for name, url in ledgers.items()}
    print("| ledger | " + " | ".join(rows["SQLite"]) + " |")
    print("|---|" + "---:|" * len(rows["SQLite"]))
    for name, row in rows.items():
        print(f"| {name} | " + " | ".join(f"{value:,.1f}" for value in row.values()) + " |")
    sqlite = rows["SQLite"]
    met = sqlite["added ms"] < GOAL_MS and sqlite["added GETs"] <= GOAL_GETS
    goal = f"{GOAL_GETS} extra GET and under {GOAL_MS:.0f} ms of our own on SQLite"
    print(f"\nGoal: {goal}: {'met' if met else 'missed'}.")


if __name__ == "__main__":
    main()
