"""Four real processes share a budget file; the sandbox on a real socket counts what arrives."""

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from sandbox import Sandbox, Settings, Workspace

PROCESSES, PER_SECOND = 4, 40
# What the API allows, a quarter more than the budget, as with our defaults (80 of 100): a busy machine holds
# requests up on their way, and then they arrive closer together than they left.
ALLOWED = 50
SECONDS = 3.0  # of work
# A machine that is busy with other things stops processes for tenths of a second. A budget that is not kept is
# not kept three times in a row.
TRIES = 3

WORKER = """
import asyncio, json, sys, time
from contextlib import suppress
from pathlib import Path
from pydantic import SecretStr
from leadmoves.api import Instantly, JobQuery
from leadmoves.api.pace import pace_by_file
from leadmoves.clock import SystemClock
from leadmoves.errors import Throttled

url, path, seconds, per_second = sys.argv[1], Path(sys.argv[2]), *map(float, sys.argv[3:])
clock, sent, start = SystemClock(), [], 0.0

async def leaves(_):
    sent.append(time.time())

async def work(api):
    while time.time() < start + seconds:
        with suppress(Throttled):
            await api.list_jobs(JobQuery())

async def main():
    global start
    pace = pace_by_file(path, int(per_second), 10**6, clock)
    async with Instantly(SecretStr("sandbox-key"), url, pace=pace, clock=clock, patience=0) as api:
        api._http.event_hooks = {"request": [leaves]}
        await api.list_jobs(JobQuery())
        print("ready", flush=True)
        start = float(sys.stdin.readline())
        await asyncio.sleep(start - time.time())
        await asyncio.gather(*(work(api) for _ in range(8)))

asyncio.run(main())
print(json.dumps([at - start for at in sent if start <= at < start + seconds]))
"""


def _told(workers: "list[subprocess.Popen[str]]", word: str) -> list[str]:
    """What they say after this word to all of them."""
    for worker in workers:
        assert worker.stdin
        worker.stdin.write(word)
        worker.stdin.flush()
    return [worker.communicate(timeout=30)[0] for worker in workers]


def worst(times: list[float], seconds: float) -> int:
    return max(sum(at - seconds < other <= at for other in times) for at in times)


@dataclass(frozen=True)
class Run:
    """What four processes did in a few seconds of work."""

    throttled: int
    worst_second: int
    used: float  # of the budget
    least_share: float  # of a fair one


def run(book: Path) -> Run:
    sandbox = Sandbox(Workspace(1), Settings(per_second=ALLOWED, per_minute=None))
    with sandbox.running() as url:
        words = [sys.executable, "-c", WORKER, url, str(book), str(SECONDS), str(PER_SECOND)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        workers = [subprocess.Popen(words, **pipes) for _ in range(PROCESSES)]  # type: ignore[call-overload]
        assert {worker.stdout.readline() for worker in workers} == {"ready\n"}
        start = time.time() + 1.2  # a window after all have met the server
        times = [json.loads(told) for told in _told(workers, f"{start}\n")]
    everybody, shares = [at for one in times for at in one], [len(one) for one in times]
    return Run(
        throttled=sandbox.stats.throttled,
        worst_second=worst(everybody, 1.0),
        used=len(everybody) / (PER_SECOND * SECONDS),
        least_share=min(shares) * PROCESSES / max(sum(shares), 1),
    )


def test_four_processes_keep_to_one_budget_use_it_and_share_it_fairly(tmp_path: Path) -> None:
    for attempt in range(TRIES):
        seen = run(tmp_path / f"pace-{attempt}.sqlite")
        if seen.throttled == 0 and seen.worst_second <= PER_SECOND and seen.used >= 0.9 and seen.least_share >= 0.5:
            return
    pytest.fail(f"none of {TRIES} runs kept to it, the last: {seen}")
