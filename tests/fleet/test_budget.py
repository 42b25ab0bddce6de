"""One request budget for workers on many machines, in their PostgreSQL ledger."""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from leadmoves.api.budget import windows
from leadmoves.api.budget_postgres import PATIENCE, Tabled
from leadmoves.clock import SystemClock
from leadmoves.errors import LedgerError
from tests.pace.crowd import ALLOWED, MANY, PER_SECOND, crowd, once_of_some


def book(database: str, name: str = "b", per_second: int = 10) -> Tabled:
    return Tabled(database, name, windows(per_second, 60 * per_second), SystemClock())


def test_four_processes_keep_to_one_budget_use_it_and_share_it_fairly(database: str) -> None:
    once_of_some(lambda seen: seen.kept and seen.least_share >= 0.5, lambda _: crowd(database))


def test_a_visitor_waits_for_a_few_turns_however_much_the_others_want(database: str) -> None:
    once_of_some(
        lambda seen: sorted(seen.waited)[len(seen.waited) // 2] < 8 / PER_SECOND and max(seen.waited) < 1.5,
        lambda _: crowd(database, (8 * MANY, 8 * MANY, 1)),
    )


def test_a_429_that_one_process_meets_slows_them_all(database: str) -> None:
    seen = crowd(database, allowed=PER_SECOND // 2)

    assert 0 < seen.throttled < ALLOWED // 2
    assert seen.used < 0.6


async def test_places_are_given_out_once_whoever_asks(database: str) -> None:
    books = [book(database) for _ in range(3)]

    waits = sorted(await asyncio.gather(*(one.reserve() for one in books for _ in range(10))))

    # Ten a second, three at once in 0.324 s (see `windows`): thirty places lie over the next three seconds.
    assert sum(wait < 1 for wait in waits) <= 10
    assert 2 < waits[-1] < 3.3
    for one in books:
        one.close()


async def test_two_budgets_of_one_database_do_not_meet(database: str) -> None:
    one, other = book(database, "one"), book(database, "other")
    for _ in range(10):
        await one.reserve()
    await one.pause(60)

    assert await other.reserve() <= 0.001
    assert await other.paused() <= 0
    assert 59 < await one.paused() <= 60
    one.close()
    other.close()


async def test_a_connection_that_breaks_is_made_again_and_blocks_nobody(database: str) -> None:
    one, other = book(database, per_second=1_000), book(database, per_second=1_000)
    await one.reserve()
    await other.reserve()
    # It dies in the middle of its transaction, with the lock in its hand.
    await one._db.execute("BEGIN; SELECT pg_advisory_xact_lock(1885430629, 0)")
    killer = await asyncpg.connect(database.replace("+asyncpg", ""))
    await killer.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = $1",
        database.rpartition("/")[2],
    )
    await killer.close()

    assert await asyncio.wait_for(one.reserve(), PATIENCE) < 0.1
    assert await asyncio.wait_for(other.reserve(), PATIENCE) < 0.1
    one.close()
    other.close()


async def test_a_database_that_stays_away_is_told_without_its_password(tmp_path: Path) -> None:
    nowhere = Tabled("postgresql://me:secret@127.0.0.1:9/none", "b", windows(10, 600), SystemClock())

    with pytest.raises(LedgerError, match=r"budget in postgresql.*cannot be used.*nothing was sent") as told:
        await nowhere.reserve()

    assert "secret" not in str(told.value)
