"""A ledger on SQLite, and on PostgreSQL where a server can be started."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.leadmoves.ledger.hands import Hands
from tests.postgres import new_database, postgres_server


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    with postgres_server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty ledger."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path}/ledger.sqlite"
    server: str = request.getfixturevalue("postgres")
    return new_database(server, f"ledger_{abs(hash(request.node.name)) % 10**9}")


@pytest.fixture
def clock() -> Hands:
    return Hands()
