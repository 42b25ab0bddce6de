"""A Prefect server with its UI, everything deployed and served, an Instantly, and a browser."""

from collections.abc import Iterator

import pytest
from selenium import webdriver

from sandbox import Sandbox, Settings, create, running
from tests.browser.pages import chromium
from tests.deployments.stage import KEY, Stage, prefect_server


@pytest.fixture(scope="session")
def instantly() -> Sandbox:
    return create(leads=1_000, seed=5, settings=Settings(key=KEY, seconds_per_job=2.0))


@pytest.fixture(scope="session")
def stage(instantly: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("stage")
    with running(instantly) as url, prefect_server(folder) as api:
        stage = Stage(folder, api, url)
        stage.deployed()
        with stage.serving():
            yield stage


@pytest.fixture(scope="session")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    begun = chromium(tmp_path_factory.mktemp("chromium"))
    yield begun
    begun.quit()
