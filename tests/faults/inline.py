"""SQLite on the loop itself: in virtual time no query may run in another thread, or time runs away meanwhile."""

import asyncio
import sqlite3
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import aiosqlite


class _AtOnce:
    """Where aiosqlite queues work for its thread: done here and now."""

    def put_nowait(self, work: tuple[asyncio.Future[Any] | None, Callable[[], Any]]) -> None:
        future, function = work
        try:
            result = function()
        except Exception as error:  # noqa: BLE001 - whoever waits for the future gets it
            if future:
                future.set_exception(error)
        else:
            if future:
                future.set_result(result)


class InlineConnection(aiosqlite.Connection):
    """A connection without a thread."""

    def __init__(self, path: Path) -> None:
        super().__init__(lambda: sqlite3.connect(path), iter_chunk_size=64)
        self._tx = _AtOnce()  # type: ignore[assignment]  # it asks for nothing but put_nowait

    def __await__(self) -> Generator[Any, None, aiosqlite.Connection]:
        return self._connect().__await__()


def inline(path: Path) -> Callable[[], InlineConnection]:
    """For `Ledger(connect=…)`."""
    return lambda: InlineConnection(path)
