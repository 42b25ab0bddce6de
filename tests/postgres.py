"""A PostgreSQL server of a test's own, on loopback, where Debian's package (or any on the path) is installed."""

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def _newest_server() -> Path:
    """Where initdb and postgres are: Debian keeps them beside the path, a folder a version."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    on_path = shutil.which("initdb")
    return (found[-1] if found else Path(on_path or "/nowhere/initdb")).parent


BIN = _newest_server()


@contextmanager
def postgres_server() -> Iterator[str]:
    """The URL of a cluster of its own, without a database's name; gone afterwards."""
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
    try:
        yield f"postgresql+asyncpg://postgres@127.0.0.1:{port}"
    finally:
        subprocess.run([*user, BIN / "pg_ctl", "-D", here / "data", "-m", "immediate", "stop"], check=True, **quiet)
        shutil.rmtree(here)


def new_database(server: str, name: str) -> str:
    """The URL of an empty database on a server."""
    port = server.rsplit(":", 1)[1]
    psql = [BIN / "psql", "-h", "127.0.0.1", "-p", port, "-U", "postgres", "-qc"]
    subprocess.run([*psql, f"CREATE DATABASE {name}"], check=True)
    return f"{server}/{name}"
