"""The real watch, submits and pace against the sandbox in virtual time: all requests a job, and how late we knew.

python -m bench.watching [--most 10000] [--json FILE]

Nothing is modelled: `LookAhead`, `Instantly`, `SharedPace`, `Watch` and `Looker` are the project's own; requests
are counted at the sandbox, and the lag is its own: when an answer first told of an end, less that end.
"""

import argparse
import asyncio
import json
import time
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from pydantic import SecretStr

from bench.lengths import MINUTE, SHORT, Lags, Smooth, Uniform, lags, spread
from leadmoves.api import Instantly
from leadmoves.api.pace import pace_alone
from leadmoves.api.tally import Tally, counting
from leadmoves.clock import LoopClock, run_virtually
from leadmoves.jobs import COUNTERS
from leadmoves.submit.ahead import LookAhead
from leadmoves.submit.joblist import JobList
from leadmoves.watch import Seen, Wait, Watch
from sandbox import Sandbox, Settings, Workspace

SEED = 20261123
PER_SECOND, PER_MINUTE = 80, 4800  # the project's defaults
LATENCY = 0.05  # seconds that every request takes
DAY = 86_400.0
HEAVY = 2_000  # addresses in a heavy row

Row = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """Jobs that are submitted at once, as fast as the pace allows."""

    jobs: int
    lengths: Smooth | Uniform
    leads: int = 1  # a job

    @property
    def name(self) -> str:
        heavy = f", {self.leads:,} addresses a row" if self.leads > 1 else ""
        return f"{self.jobs:,} of {self.lengths.name}{heavy}"


class Bench:
    """One case on its own virtual clock."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.clock = LoopClock()
        self.lengths = spread(case.lengths, case.jobs, Random(SEED))
        settings = Settings(seconds_per_job=self._length, progress="jumps", latency=LATENCY)
        workspace = Workspace(SEED)
        self.bodies = [self._body(workspace, number) for number in range(case.jobs)]
        self.sandbox = Sandbox(workspace, settings, self.clock.now, self.clock.sleep)
        self.api = Instantly(
            SecretStr(self.sandbox.settings.key),
            "http://sandbox",
            pace=pace_alone(PER_SECOND, PER_MINUTE, self.clock),
            clock=self.clock,
            transport=self.sandbox.transport(),
            rng=Random(SEED),
        )
        self.ahead = LookAhead(JobList(self.api), self.clock)
        self.watch = Watch(self.api, self.clock, budget=PER_SECOND, tolerance=60.0, stall=DAY, rng=Random(SEED))

    def _length(self, _leads: int) -> float:
        """Jobs begin in the order of their submits."""
        return self.lengths.pop()

    def _body(self, workspace: Workspace, number: int) -> Row:
        source, destination = workspace.add_list(f"Source {number}"), workspace.add_campaign(f"Goal {number}")
        workspace.add_leads(source, self.case.leads)
        return {"list_id": source.id, "to_campaign_id": destination.id}

    async def run(self) -> Row:
        tallies = [Tally() for _ in self.bodies]
        looking = asyncio.create_task(self.watch.run())
        self.ahead.expect(body["list_id"] for body in self.bodies)
        ends = await asyncio.gather(*map(self._move, self.bodies, tallies))
        self.watch.close()
        await looking
        await self.api.aclose()
        return self._figures(ends)

    async def _move(self, body: Row, tally: Tally) -> Seen:
        with counting(tally, "other"):
            await self.ahead.before("move-leads", body["list_id"])
            job = await self.api.move_leads(body, self._before)
        now = self.clock.monotonic()
        seen = await self.watch.follow(job.id, started=now, deadline=now + DAY, tally=tally)
        if seen.job and seen.job.count(COUNTERS[0]) is None:  # the row came without its counters
            with counting(tally, "other"):
                await self.api.get_job(job.id, COUNTERS)
        return seen

    async def _before(self) -> None:
        """A POST of the submitter writes its row here."""

    def _figures(self, ends: list[Seen]) -> Row:
        stats = self.sandbox.stats_now()
        if {seen.wait for seen in ends} != {Wait.ENDED} or stats["throttled"]:
            raise SystemExit(f"{self.case.name}: not every job was seen ending, or we were throttled")
        late: Lags = lags([job["lag"] for job in stats["jobs"]])
        return {
            "jobs": self.case.name,
            "requests a job": round(stats["requests_total"] / self.case.jobs, 2),
            "median lag s": round(late.median, 2),
            "mean lag s": round(late.mean, 2),
            "95 % lag s": round(late.p95, 2),
            "worst second": stats["worst_second"],
            "worst minute": stats["worst_minute"],
        }


CASES = (
    Case(1, MINUTE),
    Case(20, MINUTE),
    Case(200, Uniform(20, 40)),
    Case(1_000, MINUTE),
    Case(10_000, MINUTE),
    Case(20, SHORT, leads=HEAVY),
    Case(200, Uniform(20, 40), leads=HEAVY),
    Case(400, MINUTE, leads=HEAVY),
)


def measured(case: Case) -> Row:
    """The figures of a case, and what it took to get them."""
    begun = time.process_time()
    bench = Bench(case)
    made = time.process_time()
    row = run_virtually(bench.run())
    return row | {"CPU s": round(time.process_time() - made, 1), "to set up": round(made - begun, 1)}


def markdown(rows: list[Row]) -> str:
    head = list(rows[0])
    lines = [head, ["---"] * len(head), *([str(row[name]) for name in head] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--most", type=int, default=1_000, help="leave out cases of more jobs (default: 1,000)")
    ask.add_argument("--json", type=Path, help="also write the figures there")
    asked = ask.parse_args()
    rows = [measured(case) for case in CASES if case.jobs <= asked.most]
    print(
        f"Seed {SEED}; {PER_SECOND} requests/s, {LATENCY} s each; all requests: POST, baseline, looks, counters.\n"
    )
    print(markdown(rows))
    if asked.json:
        asked.json.write_text(json.dumps({"seed": SEED, "watching": rows}, indent=2))


if __name__ == "__main__":
    main()
