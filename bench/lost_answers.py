"""The real submitter, ledger and pace against the sandbox in virtual time, where one answer in ten is lost.

    python -m bench.lost_answers [--submits N]

The job of a lost answer runs all the same: who sends again has two. `bench.peers_own_code` does the same to others.
"""

import argparse
import asyncio
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from pydantic import JsonValue, SecretStr

from bench.tables import Row, markdown
from leadmoves.api import Instantly
from leadmoves.api.pace import pace_alone
from leadmoves.clock import LoopClock, run_virtually
from leadmoves.ledger import Intent, Kind, Ledger, State
from leadmoves.ledger import Row as Entry
from leadmoves.plan.body import fingerprint
from leadmoves.submit import Submitter
from sandbox import Fault, Sandbox, Settings, Workspace
from tests.faults.inline import inline

SEED = 20261123
LOST = 0.1
LATENCY = 0.05  # seconds a request takes
SETTLE, TIMEOUT = 60.0, 30.0  # the project's defaults
DEADLINE = 1_800.0  # seconds, a move's default


class World:
    """A sandbox that loses answers, and one process of ours."""

    def __init__(self, submits: int, folder: Path) -> None:
        self.file = folder / "ledger.sqlite"
        self.clock = LoopClock()
        settings = Settings(seed=SEED, seconds_per_job=1.0, latency=LATENCY)
        self.sandbox = Sandbox(Workspace(SEED), settings, self.clock.now, self.clock.sleep)
        lose = Fault(kind="lose-answer", count=None, probability=LOST, method="POST", path="/api/v2/leads/move")
        self.sandbox.faults.add(lose)
        self.intents = [self._intent(number) for number in range(submits)]

    def _intent(self, number: int) -> Intent:
        places = self.sandbox.workspace
        source, destination = places.add_list(f"Source {number}"), places.add_list(f"Goal {number}")
        places.add_leads(source, 1)
        body: dict[str, JsonValue] = {"list_id": source.id, "to_list_id": destination.id, "limit": 1}
        return Intent(
            kind=Kind.MOVE,
            name=f"move {number}",
            occasion="bench",
            fingerprint=fingerprint(body),
            body=body,
            source=source.id,
            resources=(source.id, destination.id),
        )

    async def run(self) -> Row:
        url = f"sqlite+aiosqlite:///{self.file}"
        ledger = await Ledger.open(url, self.clock, connect=inline(self.file))
        pace = pace_alone(80, 4_800, self.clock)
        key, transport = SecretStr(self.sandbox.settings.key), self.sandbox.transport()
        api = Instantly(key, "http://sandbox", pace=pace, clock=self.clock, timeout=TIMEOUT, transport=transport)
        submitter = Submitter(api, ledger, self.clock, settle=SETTLE, timeout=TIMEOUT, rng=Random(SEED))
        renewing = asyncio.create_task(self._renew(ledger))
        rows = list((await ledger.intend(self.intents)).values())
        submitter.expect(rows)
        deadline = self.clock.monotonic() + DEADLINE
        ended = await asyncio.gather(*(submitter.submit(row, deadline) for row in rows))
        renewing.cancel()
        with suppress(asyncio.CancelledError):
            await renewing
        await ledger.close()
        await api.aclose()
        return self._figures(ended)

    async def _renew(self, ledger: Ledger) -> None:
        while True:
            await self.clock.sleep(ledger.lease / 4)
            await ledger.renew()

    def _figures(self, rows: list[Entry]) -> Row:
        jobs = Counter(job.entity_id for job in self.sandbox.jobs.by_id.values())
        stats = self.sandbox.stats_now()
        return {
            "policy": "**ours**",
            "wanted": len(rows),
            "jobs at the server": jobs.total(),
            "duplicates": sum(count - 1 for count in jobs.values()),
            "answers lost": self.sandbox.faults.armed[0].hits,
            "without a job": len({row.source for row in rows} - set(jobs)),
            "known by their job": sum(row.state is State.ACCEPTED for row in rows),
            "in doubt": sum(row.state is State.IN_DOUBT for row in rows),
            "requests a submit": round(stats["requests_total"] / len(rows), 2),
            "seconds": round(self.clock.monotonic()),
        }


async def _measured(submits: int, folder: Path) -> Row:
    return await World(submits, folder).run()


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--submits", type=int, default=2_000)
    asked = ask.parse_args()
    begun = time.process_time()
    with TemporaryDirectory(prefix="lead-moves-bench-") as folder:
        row = run_virtually(_measured(asked.submits, Path(folder)))
    print(f"Seed {SEED}; {time.process_time() - begun:.0f} s of processor time for set-up, sandbox and submits.")
    print(markdown(f"Ours, {LOST:.0%} of the answers to the POST are lost", [row]))


if __name__ == "__main__":
    main()
