"""Machines that share nothing but a PostgreSQL database: each its own home, its own Prefect, its own clock."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox import Settings, create, running
from tests.deployments.shell import Shell, clean
from tests.postgres import new_database, postgres_server


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    with postgres_server() as url:
        yield url


@pytest.fixture
def database(server: str, request: pytest.FixtureRequest) -> str:
    """The URL of an empty database."""
    return new_database(server, f"fleet_{abs(hash(request.node.name)) % 10**9}")


@pytest.fixture
def machines(database: str, prefect_url: str, tmp_path: Path) -> Iterator[tuple[Shell, Shell]]:
    sandbox = create(leads=0, seed=3, settings=Settings(seconds_per_job=0.2))
    source, destination = sandbox.workspace.add_list("Prospects"), sandbox.workspace.add_campaign("Launch")
    sandbox.workspace.add_leads(source, 30)
    with running(sandbox) as url:
        homes = [tmp_path / name for name in ("one", "other")]
        shells = []
        for home in homes:
            home.mkdir()
            environment = clean(home) | {
                "INSTANTLY_API_KEY": sandbox.settings.key,
                "INSTANTLY_API_URL": url,
                "LEAD_MOVES_LEDGER": database,
                "LEAD_MOVES_LEASE_SECONDS": "2",
                "LEAD_MOVES_SETTLE_SECONDS": "1.5",
                "PREFECT_API_URL": prefect_url,
            }
            shells.append(Shell(home, sandbox, environment, source, destination))
        yield shells[0], replace(shells[1])
