"""SQLite on an event loop: what may wait for a disk or another process goes to a thread, the rest is done at once.

    BEGIN IMMEDIATE, COMMIT, schema, many rows ..... thread
    reads, and what a transaction changes .......... at once: its lock is held, its pages are in memory

aiosqlite alone makes about twelve trips to its thread a transaction; two thirds of a transaction's time were those.
"""

import sqlite3
from collections.abc import Callable
from functools import wraps
from typing import Any

import aiosqlite

# Statements that begin so never wait inside a transaction; BEGIN alone only promises to read.
AT_ONCE = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")
FEW = 100  # rows that are written in about a millisecond
STEPS = {"cursor", "fetchall", "fetchone", "fetchmany", "close", "rollback"}


class Connection(aiosqlite.Connection):
    """A connection whose every statement is decided upon: here, or in its thread, and never in both at a time."""

    _handed = 0  # to the thread; counted on the loop
    _done = 0  # by the thread; counted there

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        # Who was cancelled left its statement in the thread: what follows it, a rollback say, must follow it there.
        idle = self._handed == self._done
        if self._running and self._connection and idle and not _may_wait(fn, args):
            return fn(*args, **kwargs)
        self._handed += 1
        return await super()._execute(self._counted(fn), *args, **kwargs)  # type: ignore[no-untyped-call]

    def _counted(self, fn: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(fn)
        def step(*args: Any, **kwargs: Any) -> Any:
            try:
                return fn(*args, **kwargs)
            finally:
                self._done += 1

        return step


def connect(database: str, **how: Any) -> Connection:
    """What SQLAlchemy's dialect awaits for a new connection; `how` as for `sqlite3.connect`."""
    how |= {"check_same_thread": False}  # one statement at a time all the same: each is awaited
    connection = Connection(lambda: sqlite3.connect(database, **how), iter_chunk_size=64)
    connection._thread.daemon = True  # noqa: SLF001 - as SQLAlchemy's dialect does: no exit waits for it
    return connection


def _may_wait(fn: Callable[..., Any], args: tuple[Any, ...]) -> bool:
    name = getattr(fn, "__name__", "")
    if name == "executemany" and len(args[1]) > FEW:
        return True
    if name in {"execute", "executemany"}:
        statement = str(args[0]).lstrip()
        return statement != "BEGIN" and not statement.startswith(AT_ONCE)
    return name not in STEPS
