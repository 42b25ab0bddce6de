"""The ledger's database: opened safely, brought to this version's schema, its failures in our words."""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

from sqlalchemy import URL, Connection, event, inspect, make_url, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.util import await_only

from leadmoves.errors import LedgerError, LedgerTooNew
from leadmoves.ledger import driver

HEAD = "0001"  # the newest revision in `schema/versions`; a test holds them together
SCHEMA = Path(__file__).parent / "schema"
BUSY = 15.0  # seconds to wait for another process's transaction; ours take milliseconds
AGAIN = 0.02  # seconds until what SQLite does not wait for is tried again
LOCK = 1818583668  # of PostgreSQL's advisory locks: any number that nobody else takes («lead», as bytes)
OLDEST_SQLITE = (3, 35)  # the first with RETURNING

# How a driver connects, where a test needs its own way.
Connect = Callable[[], Any]


class Database:
    """Transactions on the ledger's URL. Every failure of the database is a `LedgerError`.

    Args:
        url: with an async driver.
        busy: seconds to wait for another process's transaction (SQLite).
        connect: makes the driver's connection in its own way.

    """

    def __init__(self, url: str, busy: float = BUSY, connect: Connect | None = None) -> None:
        try:
            self.url = make_url(url)
            self._engine = _engine(self.url, busy, connect)
        except (SQLAlchemyError, ImportError, ValueError) as error:
            raise LedgerError(f"LEAD_MOVES_LEDGER is no database URL that we know: {_first_line(error)}") from None
        # SQLite lets one writer in; waiting here costs nothing, waiting in its busy handler up to 0.1 s a time.
        self._one_writer = asyncio.Lock() if self.url.get_backend_name() == "sqlite" else None

    async def prepare(self) -> None:
        """Create the schema, or bring it to this version; `LedgerTooNew` where a newer version wrote it."""
        _private_file(self.url)
        async with self.writing(alone=True) as connection:
            await connection.run_sync(_upgrade)

    @asynccontextmanager
    async def writing(self, *, alone: bool = False) -> AsyncIterator[AsyncConnection]:
        """One transaction; on SQLite it takes the write lock at once, so what it read stays true.

        Args:
            alone: on PostgreSQL too nobody else is in such a transaction: for what reads before it writes, and
                for what writes many rows (two that do so in different orders would wait for each other).

        """
        try:
            async with self._one_writer or nullcontext(), self._engine.begin() as connection:
                if alone and connection.dialect.name == "postgresql":
                    await connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
                yield connection
        except (SQLAlchemyError, sqlite3.Error, OSError) as error:
            raise self._in_our_words(error) from error

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that writes nothing and waits for nobody."""
        try:
            async with self._engine.connect() as plain:
                connection = await plain.execution_options(reading=True)
                yield connection
        except (SQLAlchemyError, sqlite3.Error, OSError) as error:
            raise self._in_our_words(error) from error

    async def dispose(self) -> None:
        await self._engine.dispose()

    def _in_our_words(self, error: Exception) -> LedgerError:
        where = self.url.render_as_string(hide_password=True)
        cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
        return LedgerError(f"the ledger {where} cannot be used: {_first_line(cause)}")


def _engine(url: URL, busy: float, connect: Connect | None) -> AsyncEngine:
    own = {"async_creator": connect} if connect else {}
    if url.get_backend_name() != "sqlite":
        return create_async_engine(url, pool_pre_ping=True, **own)
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise ValueError(f"SQLite {sqlite3.sqlite_version} is too old, at least 3.35 is needed")
    how = {} if connect else {"timeout": busy, "async_creator_fn": driver.connect}
    engine = create_async_engine(url, connect_args=how, **own)
    event.listen(engine.sync_engine, "connect", partial(_prepare_sqlite, busy))
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(busy: float, connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver must not begin transactions on its own
    cursor = connection.cursor()
    _write_ahead(cursor, monotonic() + busy)
    cursor.execute("PRAGMA synchronous = FULL")  # «sending» must survive a power cut, not only a crash
    cursor.close()


def _write_ahead(cursor: Any, deadline: float) -> None:
    """Readers and one writer side by side, from the first start on: SQLite fails at once where another makes it."""
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or monotonic() > deadline:
                raise
            await_only(asyncio.sleep(AGAIN))
        else:
            return


def _begin_sqlite(connection: Connection) -> None:
    reading = connection.get_execution_options().get("reading", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def _private_file(url: URL) -> None:
    """A new SQLite file is readable by its owner alone: it names people."""
    database = url.database or ":memory:"
    if url.get_backend_name() != "sqlite" or database == ":memory:" or database.startswith("file:"):
        return
    path = Path(database)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise LedgerError(f"the ledger {path} cannot be written: {error.strerror}") from None


def _upgrade(connection: Connection) -> None:
    version = _version(connection)
    if version == HEAD:
        return
    if version is not None and version > HEAD:
        raise LedgerTooNew(f"the ledger has schema {version}, this version knows {HEAD}: upgrade lead-moves")
    from alembic import command  # noqa: PLC0415 - 0.2 s of import that only a first use needs
    from alembic.config import Config  # noqa: PLC0415 - as above

    config = Config()
    config.set_main_option("script_location", str(SCHEMA))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _first_line(error: object) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
