"""Four real processes share a budget file; the sandbox on a real socket counts what arrives."""

import json
import subprocess
import sys
import time
from pathlib import Path

from sandbox import Sandbox, Settings, Workspace

PROCESSES, PER_SECOND = 4, 40
START, SECONDS = 2.5, 3.0  # until all have imported what they need and know the server; of work

WORKER = """
import asyncio, json, sys, time
from contextlib import suppress
from pathlib import Path
from pydantic import SecretStr
from leadmoves.api import Instantly, JobQuery
from leadmoves.api.pace import pace_by_file
from leadmoves.clock import SystemClock
from leadmoves.errors import Throttled

url, path, start, seconds, per_second = sys.argv[1], Path(sys.argv[2]), *map(float, sys.argv[3:])
clock, done = SystemClock(), 0

async def work(api):
    global done
    while time.time() < start + seconds:
        with suppress(Throttled):
            await api.list_jobs(JobQuery())
            done += time.time() < start + seconds

async def main():
    pace = pace_by_file(path, int(per_second), 10**6, clock)
    async with Instantly(SecretStr("sandbox-key"), url, pace=pace, clock=clock, patience=0) as api:
        await api.list_jobs(JobQuery())
        await asyncio.sleep(max(start - time.time(), 0))
        await asyncio.gather(*(work(api) for _ in range(8)))

asyncio.run(main())
print(json.dumps(done))
"""


def test_four_processes_keep_to_one_budget_use_it_and_share_it_fairly(tmp_path: Path) -> None:
    sandbox = Sandbox(Workspace(1), Settings(per_second=PER_SECOND, per_minute=None))
    with sandbox.running() as url:
        start = time.time() + START
        words = [url, str(tmp_path / "pace.sqlite"), str(start), str(SECONDS), str(PER_SECOND)]
        workers = [
            subprocess.Popen([sys.executable, "-c", WORKER, *words], stdout=subprocess.PIPE)
            for _ in range(PROCESSES)
        ]
        shares = [json.loads(worker.communicate(timeout=30)[0]) for worker in workers]

    assert sandbox.stats.throttled == 0, "a 429 of our own making"
    assert sandbox.stats.second.worst <= PER_SECOND
    assert sum(shares) >= 0.9 * PER_SECOND * SECONDS
    assert min(shares) >= 0.5 * sum(shares) / PROCESSES
