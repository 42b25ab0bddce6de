"""Parameters near the size that Prefect takes: a little more, and the server refuses the run."""

import json
from typing import Any

from prefect import get_run_logger

LARGEST = 512 * 1024  # bytes, the server's default (PREFECT_SERVER_API_MAX_PARAMETER_SIZE)
NEAR = 3 * LARGEST // 4


def warn_of_size(parameters: Any) -> None:
    """Say so in the run's log, with what to use instead."""
    size = len(json.dumps(parameters, default=str))
    if size > NEAR:
        get_run_logger().warning(
            "the parameters take %d KiB, and Prefect refuses more than %d: give contacts_file (a CSV) or plan_file",
            size // 1024,
            LARGEST // 1024,
        )
