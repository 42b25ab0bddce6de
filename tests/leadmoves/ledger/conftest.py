"""A ledger on SQLite, and on PostgreSQL where a server can be started."""

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.leadmoves.ledger.hands import Hands


def _newest_server() -> Path:
    """Where initdb and postgres are: Debian keeps them beside the path, a folder a version."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    on_path = shutil.which("initdb")
    return (found[-1] if found else Path(on_path or "/nowhere/initdb")).parent


BIN = _newest_server()


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A cluster of its own on a loopback port; gone afterwards."""
    if not (BIN / "initdb").exists():
        pytest.skip("no PostgreSQL server on this machine (Debian: apt-get install postgresql)")
    here = Path("/tmp") / f"ledger-pg-{os.getpid()}"  # noqa: S108 - the user postgres must be able to enter it
    here.mkdir()
    root = os.geteuid() == 0
    if root:
        account = pwd.getpwnam("postgres")
        os.chown(here, account.pw_uid, account.pw_gid)
    user = ["runuser", "-u", "postgres", "--"] if root else []
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": here}
    subprocess.run(
        [*user, BIN / "initdb", "-D", here / "data", "-A", "trust", "-U", "postgres"], check=True, **quiet
    )
    options = f"-p {port} -k {here} -c listen_addresses=127.0.0.1 -c fsync=off"
    subprocess.run([*user, BIN / "pg_ctl", "-D", here / "data", "-w", "-o", options, "start"], check=True, **quiet)
    yield f"postgresql+asyncpg://postgres@127.0.0.1:{port}"
    subprocess.run([*user, BIN / "pg_ctl", "-D", here / "data", "-m", "immediate", "stop"], check=True, **quiet)
    shutil.rmtree(here)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty ledger."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path}/ledger.sqlite"
    server = request.getfixturevalue("postgres")
    name = f"ledger_{abs(hash(request.node.name)) % 10**9}"
    port = server.rsplit(":", 1)[1]
    subprocess.run(
        [BIN / "psql", "-h", "127.0.0.1", "-p", port, "-U", "postgres", "-qc", f"CREATE DATABASE {name}"],
        check=True,
    )
    return f"{server}/{name}"


@pytest.fixture
def clock() -> Hands:
    return Hands()
