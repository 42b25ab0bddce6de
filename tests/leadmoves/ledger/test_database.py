"""What can be wrong with a ledger: always one clear error, and nothing half done."""

import asyncio
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from leadmoves.clock import SystemClock
from leadmoves.errors import LedgerError, LedgerTooNew
from leadmoves.ledger import Intent, Kind, Ledger
from leadmoves.ledger.database import HEAD, SCHEMA
from leadmoves.ledger.tables import metadata

ROOT = Path(__file__).parents[3]
WRITER = """
import asyncio, sys
from leadmoves.clock import SystemClock
from leadmoves.ledger import Intent, Kind, Ledger

async def write():
    ledger = await Ledger.open(sys.argv[1], SystemClock())
    for n in range(10_000):
        await ledger.intend([Intent(Kind.MOVE, f"m{n}", "o", "f", {"n": n})])
        print(n, flush=True)

asyncio.run(write())
"""


def at(path: Path) -> str:
    return f"sqlite+aiosqlite:///{path}"


async def used(url: str, name: str = "m", **how: float) -> None:
    ledger = await Ledger.open(url, SystemClock(), **how)
    try:
        await ledger.intend([Intent(Kind.MOVE, name, "o", "f", {})])
    finally:
        await ledger.close()


def test_the_newest_schema_is_the_one_that_the_code_expects() -> None:
    config = Config()
    config.set_main_option("script_location", str(SCHEMA))

    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


async def test_the_migrated_schema_is_the_one_of_the_tables(url: str) -> None:
    ledger = await Ledger.open(url, SystemClock())

    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    async with ledger.database.writing() as connection:
        found = await connection.run_sync(differences)
    await ledger.close()

    assert [one for one in found if "alembic_version" not in str(one)] == []


async def test_two_first_starts_at_once_make_one_schema(url: str) -> None:
    ledgers = await asyncio.gather(*(Ledger.open(url, SystemClock()) for _ in range(4)))
    for ledger in ledgers:
        await ledger.close()


async def test_a_first_start_waits_for_another_that_is_making_the_schema(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "l.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    asyncio.get_running_loop().call_later(0.1, other.execute, "COMMIT")

    await used(at(tmp_path / "l.sqlite"))
    other.close()


async def test_a_new_file_is_its_owners_alone(tmp_path: Path) -> None:
    await used(at(tmp_path / "deep" / "ledger.sqlite"))

    assert stat.S_IMODE((tmp_path / "deep" / "ledger.sqlite").stat().st_mode) == 0o600


async def test_a_ledger_of_a_newer_version_is_not_touched(tmp_path: Path) -> None:
    await used(at(tmp_path / "l.sqlite"))
    with sqlite3.connect(tmp_path / "l.sqlite") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()

    with pytest.raises(LedgerTooNew, match="upgrade lead-moves"):
        await used(at(tmp_path / "l.sqlite"))


@pytest.mark.parametrize(
    "url", ["nonsense", "sqlite+nodriver:///x", "mysql+aiomysql://x/y", "postgresql+asyncpg://127.0.0.1:1/x"]
)
async def test_a_url_that_leads_nowhere_is_told(url: str) -> None:
    with pytest.raises(LedgerError):
        await used(url)


async def test_a_password_is_not_told() -> None:
    with pytest.raises(LedgerError) as told:
        await used("postgresql+asyncpg://me:secret-word@127.0.0.1:1/x")

    assert "secret-word" not in str(told.value)


async def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "l.sqlite").write_text("Dear diary, " * 500)

    with pytest.raises(LedgerError, match="not a database"):
        await used(at(tmp_path / "l.sqlite"))


async def test_a_folder_in_its_place_is_told(tmp_path: Path) -> None:
    (tmp_path / "l.sqlite").mkdir()

    with pytest.raises(LedgerError, match="cannot be written"):
        await used(at(tmp_path / "l.sqlite"))


async def test_a_read_only_file_is_told(tmp_path: Path) -> None:
    await used(at(tmp_path / "l.sqlite"))

    with pytest.raises(LedgerError, match="readonly"):
        await used(f"sqlite+aiosqlite:///file:{tmp_path}/l.sqlite?mode=ro&uri=true", "another")


async def test_a_locked_file_is_waited_for_and_then_told(tmp_path: Path) -> None:
    await used(at(tmp_path / "l.sqlite"))
    greedy = sqlite3.connect(tmp_path / "l.sqlite", isolation_level=None)
    greedy.execute("BEGIN EXCLUSIVE")

    with pytest.raises(LedgerError, match="locked"):
        await used(at(tmp_path / "l.sqlite"), busy=0.05)
    greedy.close()

    await used(at(tmp_path / "l.sqlite"))


async def test_a_full_disk_is_told_and_loses_nothing_that_was_written(tmp_path: Path) -> None:
    """The file may not grow: what a full disk, or a quota, says to SQLite."""
    ledger = await Ledger.open(at(tmp_path / "l.sqlite"), SystemClock())
    async with ledger.database.writing() as connection:
        pages = (await connection.exec_driver_sql("PRAGMA page_count")).scalar()
    async with ledger.database.reading() as connection:
        await connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    written = 0
    with pytest.raises(LedgerError, match="full"):  # noqa: PT012 - which of them fills it does not matter
        for written in range(1_000):
            await ledger.intend([Intent(Kind.MOVE, f"m{written}", "o", "f", {"contacts": ["a@example.com"] * 100})])

    assert len(await ledger.newest(limit=2_000)) == written
    await ledger.close()


async def test_a_ledger_whose_writer_was_killed_opens_again_with_all_that_was_written(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITER, at(tmp_path / "l.sqlite")]
    writer = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=dict(os.environ))
    assert writer.stdout
    said = [writer.stdout.readline() for _ in range(20)]
    writer.send_signal(signal.SIGKILL)
    said += writer.stdout.readlines()
    writer.stdout.close()
    writer.wait()

    ledger = await Ledger.open(at(tmp_path / "l.sqlite"), SystemClock())
    rows = await ledger.newest(limit=20_000)
    await ledger.close()
    assert len(rows) >= len([line for line in said if line.endswith("\n")])
