"""A sandbox of its own for each test with real processes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.processes import Scene, scene_in


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with scene_in(tmp_path, occasions=60) as here:
        yield here
