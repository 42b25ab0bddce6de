"""A process that works under a shared budget: `python -m tests.pace.worker URL BOOK SECONDS PER_SECOND AT_ONCE`.

It says «ready», is told when to start, works for so long, and prints when its requests left, how long each had to
wait for its turn, and how many were refused with 429. BOOK is a file, or the URL of a PostgreSQL database.
"""

import asyncio
import json
import sys
import time
from contextlib import suppress
from pathlib import Path

from pydantic import SecretStr

from leadmoves.api import Instantly, JobQuery
from leadmoves.api.pace import SharedPace, pace_by_database, pace_by_file
from leadmoves.clock import SystemClock
from leadmoves.errors import Throttled

MINUTE = 10**6  # requests: no limit


def pace_of(book: str, per_second: int) -> SharedPace:
    if book.startswith("postgresql"):
        return pace_by_database(book, "fleet", per_second, MINUTE, SystemClock())
    return pace_by_file(Path(book), per_second, MINUTE, SystemClock())


class Worker:
    """What it did, in seconds since its start."""

    def __init__(self, url: str, book: str, seconds: float, per_second: int) -> None:
        self.seconds = seconds
        self.pace = pace_of(book, per_second)
        self.api = Instantly(SecretStr("sandbox-key"), url, pace=self.pace, clock=SystemClock(), patience=0)
        self.api._http.event_hooks = {"request": [self._leaves]}
        self.sent: list[float] = []
        self.waited: list[float] = []
        self.throttled = 0
        self.start = 0.0

    async def _leaves(self, _: object) -> None:
        self.sent.append(time.time())

    async def work(self, at_once: int) -> None:
        await self.api.list_jobs(JobQuery())
        print("ready", flush=True)
        self.start = float(sys.stdin.readline())
        await asyncio.sleep(self.start - time.time())
        # One alone is a visitor: it comes now and then. Many want all that there is.
        await asyncio.gather(*(self._ask_on(0.2 if at_once == 1 else 0.0) for _ in range(at_once)))
        await self.api.aclose()
        self.pace.close()

    async def _ask_on(self, rest: float) -> None:
        while (asked := time.time()) < self.start + self.seconds:
            known = len(self.sent)
            try:
                await self.api.list_jobs(JobQuery())
            except Throttled:
                self.throttled += 1
            if rest:
                self.waited.append(self.sent[known] - asked)
                await asyncio.sleep(rest)

    def told(self) -> str:
        sent = [at - self.start for at in self.sent if self.start <= at < self.start + self.seconds]
        return json.dumps({"sent": sent, "waited": self.waited, "throttled": self.throttled})


if __name__ == "__main__":
    url, book, seconds, per_second, at_once = sys.argv[1:]
    worker = Worker(url, book, float(seconds), int(per_second))
    with suppress(KeyboardInterrupt):
        asyncio.run(worker.work(int(at_once)))
    print(worker.told())
