"""What of a transaction goes to the driver's thread, and that nobody on the loop waits for another process."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from leadmoves.clock import SystemClock
from leadmoves.errors import LedgerError
from leadmoves.ledger import Ledger, driver
from tests.leadmoves.submit.desk import intent_of

BODY = {"list_id": "a", "to_campaign_id": "b", "limit": 3}


class Told:
    """Stands before the thread's queue and notes what goes there."""

    def __init__(self, queue: Any) -> None:
        self.queue = queue
        self.trips: list[str] = []

    def put_nowait(self, work: tuple[Any, Any]) -> None:
        _, function = work
        name = getattr(function, "func", function).__name__
        said = [str(word) for word in getattr(function, "args", ())[:1]]
        self.trips.append(" ".join([name, *said])[:40])
        self.queue.put_nowait(work)


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[Ledger]:
    ledger = await Ledger.open(f"sqlite+aiosqlite:///{tmp_path}/l.sqlite", SystemClock(), busy=1.0)
    yield ledger
    await ledger.close()


async def test_a_transaction_makes_two_trips_to_the_thread_and_a_read_makes_none(ledger: Ledger) -> None:
    intent = intent_of(BODY)
    row = (await ledger.intend([intent]))[intent.key]
    heard = await _listening(ledger)

    await ledger.hold(row)
    await ledger.row(row.key)

    assert heard.trips == ["commit", "execute BEGIN IMMEDIATE", "commit"], "the first one is of the block above"


async def test_the_loop_goes_on_while_another_process_holds_the_lock(ledger: Ledger, tmp_path: Path) -> None:
    greedy = sqlite3.connect(tmp_path / "l.sqlite", isolation_level=None)
    greedy.execute("BEGIN IMMEDIATE")
    loop = asyncio.get_running_loop()
    longest = 0.0

    async def tick() -> None:
        nonlocal longest
        while True:
            before = loop.time()
            await asyncio.sleep(0.01)
            longest = max(longest, loop.time() - before)

    ticking = asyncio.create_task(tick())
    await asyncio.sleep(0.05)
    with pytest.raises(LedgerError, match="locked"):
        await ledger.intend([intent_of(BODY)])
    await asyncio.sleep(0.05)  # the tick that was held up, if it was, is counted too
    ticking.cancel()
    greedy.close()

    assert longest < 0.5, "of the second that SQLite waited"


async def test_who_is_cancelled_while_it_waits_leaves_nothing_half_done(ledger: Ledger, tmp_path: Path) -> None:
    """Its statement is still in the thread: what closes it must wait there, or two threads use one connection."""
    heard = await _listening(ledger)
    greedy = sqlite3.connect(tmp_path / "l.sqlite", isolation_level=None)
    greedy.execute("BEGIN IMMEDIATE")
    waiting = asyncio.create_task(ledger.intend([intent_of(BODY)]))
    await asyncio.sleep(0.2)

    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    greedy.close()

    assert "close" in heard.trips
    assert len(await ledger.intend([intent_of(BODY)])) == 1


async def test_a_statement_that_fails_at_once_leaves_the_ledger_usable(ledger: Ledger) -> None:
    with pytest.raises(LedgerError, match="no such table"):
        async with ledger.database.writing() as connection:
            await connection.execute(text("UPDATE nowhere SET a = 1"))

    assert len(await ledger.intend([intent_of(BODY)])) == 1


async def _listening(ledger: Ledger) -> Told:
    """Hear what goes to the thread of the one connection that there is."""
    async with ledger.database.writing() as connection:
        raw = (await connection.get_raw_connection()).driver_connection
        assert isinstance(raw, driver.Connection)
        raw._tx = heard = Told(raw._tx)  # type: ignore[assignment]
    return heard
