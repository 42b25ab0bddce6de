"""The book of grants in a file, for all processes of a machine: SQLite, one short transaction a request.

A transaction takes a tenth of a millisecond. Who meets another's waits without stopping its own event loop.
"""

import os
import random
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from leadmoves.api.budget import LONGEST_PAUSE, Window, horizon, place, reach
from leadmoves.clock import Clock
from leadmoves.errors import LedgerError

T = TypeVar("T")

SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = OFF;
CREATE TABLE IF NOT EXISTS grants (at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS newest_grants ON grants (at);
CREATE TABLE IF NOT EXISTS pause (id INTEGER PRIMARY KEY CHECK (id = 1), until REAL NOT NULL);
"""
# Seconds for which a transaction of another process may stop our event loop; beyond, we sleep and come again.
BLOCKED = 0.02
# Seconds until we give up: a process that was stopped in the middle of a transaction holds everybody.
PATIENCE = 10.0


class Filed:
    """A book that every process finds under the same path (mode 0600). Times are wall time.

    Raises:
        LedgerError: the file cannot be used; nothing was sent.

    """

    def __init__(self, path: Path, limits: Sequence[Window], clock: Clock) -> None:
        self._path = path
        self._limits = limits
        self._clock = clock
        self._mine: int | None = None  # our latest place
        with self._named():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            self._db = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)
            self._db.executescript(SCHEMA)
            self._db.execute(f"PRAGMA busy_timeout = {BLOCKED * 1000:.0f}")

    async def reserve(self) -> float:
        return await self._patiently(self._reserve)

    async def late(self, seconds: float) -> None:
        await self._patiently(lambda: self._late(seconds))

    async def paused(self) -> float:
        return await self._patiently(lambda: self._until(self._clock.now()) - self._clock.now())

    async def pause(self, seconds: float) -> None:
        await self._patiently(lambda: self._pause(seconds))

    def close(self) -> None:
        self._db.close()

    def _reserve(self) -> float:
        with self._transaction():
            now = self._clock.now()
            old, bogus = now - reach(self._limits), now + horizon(self._limits)
            self._db.execute("DELETE FROM grants WHERE at < ? OR at > ?", (old, bogus))
            at = place(now, self._until(now), self._newest, self._limits)
            self._mine = self._db.execute("INSERT INTO grants VALUES (?)", (at,)).lastrowid
        return at - now

    def _late(self, seconds: float) -> None:
        with self._transaction():
            self._db.execute("UPDATE grants SET at = at + ? WHERE rowid = ?", (seconds, self._mine))

    def _pause(self, seconds: float) -> None:
        with self._transaction():
            now = self._clock.now()
            until = max(self._until(now), now + seconds)
            self._db.execute("INSERT OR REPLACE INTO pause VALUES (1, ?)", (until,))

    def _until(self, now: float) -> float:
        row = self._db.execute("SELECT until FROM pause").fetchone()
        # A pause beyond the longest was written before the clock was set back.
        return float(row[0]) if row and row[0] <= now + LONGEST_PAUSE else 0.0

    def _newest(self, n: int) -> float | None:
        row = self._db.execute("SELECT at FROM grants ORDER BY at DESC LIMIT 1 OFFSET ?", (n - 1,)).fetchone()
        return float(row[0]) if row else None

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")  # nobody reserves between our reading and our writing
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            self._db.execute("ROLLBACK")
            raise

    async def _patiently(self, step: Callable[[], T]) -> T:
        """Take a step, again where another process was at it."""
        given_up = self._clock.monotonic() + PATIENCE
        while True:
            with self._named():
                try:
                    return step()
                except sqlite3.OperationalError as error:
                    if not _busy(error) or self._clock.monotonic() > given_up:
                        raise
            await self._clock.sleep(random.uniform(0.001, 0.01))  # noqa: S311 - breaks lockstep, no secret

    @contextmanager
    def _named(self) -> Iterator[None]:
        """An error that says which file, and that nothing was sent."""
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise LedgerError(
                f"the request budget {self._path} cannot be used ({error}): remove the file or mend its rights; "
                "nothing was sent"
            ) from error


def _busy(error: sqlite3.OperationalError) -> bool:
    """Another process is at it: the low byte says so, the others why, e.g. that it mends what a crash left."""
    return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
