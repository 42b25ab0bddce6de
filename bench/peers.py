"""When others look: the schedules that people use today, each a wait in seconds before its n-th look.

Fixed ones are read from their code and are one number. Growing ones run tenacity's own classes.
"""

from collections.abc import Callable

import tenacity

Schedule = Callable[[int], float]
"""The number of a look, from 1, to the seconds between it and the look before."""


def fixed(seconds: float) -> Schedule:
    return lambda _look: seconds


def of_tenacity(wait: Callable[[tenacity.RetryCallState], float]) -> Schedule:
    """Its classes read the number of the attempt and nothing else; jitter comes from the global `random`."""
    state = tenacity.RetryCallState(tenacity.Retrying(), None, (), {})

    def seconds(look: int) -> float:
        state.attempt_number = look
        return wait(state)

    return seconds


PEERS: dict[str, Schedule] = {
    "2 s (the vendor's SDK, Nango)": fixed(2),
    "3 s (Pipedream)": fixed(3),
    "5 s (Activepieces, Airbyte CDK)": fixed(5),
    "10 s (prefect-dbt)": fixed(10),
    "60 s (Airflow dbt Cloud)": fixed(60),
    "1→20 s by 1.5, full jitter (Google; tenacity)": of_tenacity(
        tenacity.wait_random_exponential(multiplier=1, exp_base=1.5, max=20)
    ),
    "1→10 s linear, jitter (Databricks; tenacity)": of_tenacity(
        # Its SDK adds 50 to 750 ms to min(10, attempt).
        tenacity.wait_combine(tenacity.wait_incrementing(1, 1, 10), tenacity.wait_random(0.05, 0.75))
    ),
    "1→60 s by 2 (plain back-off; tenacity)": of_tenacity(tenacity.wait_exponential(multiplier=1, max=60)),
}
