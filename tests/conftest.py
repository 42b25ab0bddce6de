"""No test sees the home, the Prefect or the key of whoever runs it; all that need a Prefect server share one."""

import gc
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from leadmoves.settings import Settings

# The recorder's defaults write one task run at a time, 50 a second; a test that reads them would wait.
SERVER = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_BATCH_SIZE": "200",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_READ_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_FLUSH_INTERVAL": "1",
}
READ = {str(field.validation_alias) for field in Settings.model_fields.values()}  # what our settings read


def pytest_configure(config: pytest.Config) -> None:
    """Before any test module is imported, for Prefect reads its environment when it is."""
    home = Path(tempfile.mkdtemp(prefix="lead-moves-tests-"))
    config.add_cleanup(lambda: shutil.rmtree(home, ignore_errors=True))
    for name in [name for name in os.environ if name in READ or name.startswith("PREFECT_")]:
        del os.environ[name]
    os.environ |= SERVER | {
        "HOME": str(home),
        "PREFECT_HOME": str(home / "prefect"),
        "PREFECT_PROFILES_PATH": str(home / "profiles.toml"),
        "DO_NOT_TRACK": "1",
        "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
    }


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The core comes first: Prefect's threads outlive its tests, and draw random numbers that Hypothesis counts."""
    core = Path(__file__).parent / "leadmoves"
    items.sort(key=lambda item: core not in item.path.parents)


@pytest.fixture(autouse=True)
def own_ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every test has a ledger of its own, and leaves nothing in the environment."""
    path = tmp_path / "ledger.sqlite"
    monkeypatch.setenv("LEAD_MOVES_LEDGER", f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def prefect_url() -> Iterator[str]:
    """Prefect's own test harness: flows of this process use it as it is, others by its URL."""
    from prefect.settings import PREFECT_API_URL  # noqa: PLC0415 - 0.8 s that the core's tests do not need
    from prefect.testing.utilities import prefect_test_harness  # noqa: PLC0415 - as above

    gc.freeze()  # Prefect is half a million objects that no test makes garbage of
    with prefect_test_harness(server_startup_timeout=60):
        yield str(PREFECT_API_URL.value())
    gc.unfreeze()
