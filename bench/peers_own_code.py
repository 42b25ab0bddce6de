"""What people use today, run as its own code from its own packages, on our bench's jobs.

    .venv-peers/bin/python -m bench.peers_own_code [--jobs N]

Runs in a virtual environment of its own (`make bench` makes it): the Airbyte CDK wants an older pyrate-limiter than
we do. Here, and only here, `time` itself is virtual: a peer's code sleeps and asks the time of nobody else. Their
limits on the total time are lifted, so that each sees every job's end.
"""

import argparse
import logging
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from importlib.metadata import version
from typing import Any

# None of these packages but tenacity is installed beside us.
import tenacity
from airbyte_cdk.sources.declarative.async_job import timer  # type: ignore[import-not-found]
from airbyte_cdk.sources.declarative.async_job.job import AsyncJob  # type: ignore[import-not-found]
from airbyte_cdk.sources.declarative.async_job.job_orchestrator import (  # type: ignore[import-not-found]
    AsyncJobOrchestrator,
)
from airbyte_cdk.sources.declarative.async_job.job_tracker import JobTracker  # type: ignore[import-not-found]
from airbyte_cdk.sources.declarative.async_job.status import AsyncJobStatus  # type: ignore[import-not-found]
from airbyte_cdk.sources.message import NoopMessageRepository  # type: ignore[import-not-found]
from airbyte_cdk.sources.types import StreamSlice  # type: ignore[import-not-found]
from databricks.sdk.retries import RetryError, poll, retried  # type: ignore[import-not-found]
from google.api_core.future.polling import PollingFuture  # type: ignore[import-not-found]

from bench.lengths import MINUTE, SHORT, WIDE, Smooth, Uniform, lags, limit, spread
from bench.peers_server import CLOCK, SEED, Server
from bench.tables import Row, markdown, worst

LATENCY = 0.05  # seconds a request takes where many jobs are open, as in bench.watching
LOST = 0.1  # of the answers to a create
SUBMITS = 2_000
RETRIES = 3  # of a create, where the peer leaves the number to its user
DAY = timedelta(days=1)
CROWDS: tuple[tuple[int, Smooth | Uniform], ...] = ((20, MINUTE), (200, Uniform(20, 40)), (1_000, MINUTE))
PACKAGES = ("airbyte-cdk", "google-api-core", "databricks-sdk", "tenacity")


@dataclass
class Repository:
    """What the Airbyte CDK asks of an API."""

    server: Server

    def start(self, stream_slice: Any) -> Any:
        return AsyncJob(str(self.server.create(stream_slice["number"])), stream_slice, DAY)

    def update_jobs_status(self, jobs: Iterable[Any]) -> None:
        for job in jobs:
            done = self.server.done(int(job.api_job_id()))
            job.update_status(AsyncJobStatus.COMPLETED if done else AsyncJobStatus.RUNNING)


def airbyte(server: Server) -> int:
    """All of the server's jobs through one orchestrator; how many it takes for failed."""
    number = len(server.lengths)
    slices = (StreamSlice(partition={"number": i}, cursor_slice={}) for i in range(number))
    orchestrator = AsyncJobOrchestrator(Repository(server), slices, JobTracker(number), NoopMessageRepository())
    finished = 0
    try:
        for _ in orchestrator.create_and_get_completed_partitions():
            finished += 1
    except Exception as error:  # noqa: BLE001 - it raises at its end for what failed on the way
        logging.getLogger("bench").debug("%s", error)
    return number - finished


class GoogleFuture(PollingFuture):  # type: ignore[misc]  # Any, where its package is not installed
    """A long running operation, as Google's client libraries wait for it."""

    def __init__(self, server: Server, job: int) -> None:
        super().__init__()
        self._done = partial(server.done, job)

    def done(self, retry: object = None) -> bool:  # noqa: ARG002 - of its interface
        if self._done():
            self.set_result(True)
        return bool(self._result_set)

    def cancel(self) -> bool:
        return False

    def cancelled(self) -> bool:
        return False


def google(server: Server, job: int) -> None:
    GoogleFuture(server, job).result(timeout=None)


def databricks(server: Server, job: int) -> None:
    poll(lambda: (True, None) if server.done(job) else (None, RetryError.continues("running")))


def of_tenacity(wait: Any, server: Server, job: int) -> None:
    tenacity.Retrying(wait=wait, retry=tenacity.retry_if_result(lambda done: not done))(server.done, job)


POLLS: dict[str, Callable[[Server, int], None]] = {
    "google-api-core PollingFuture, 1→20 s by 1.5, full jitter": google,
    "databricks-sdk poll, 1→10 s linear": databricks,
    "tenacity wait_random_exponential(1, 60)": partial(of_tenacity, tenacity.wait_random_exponential(1, 60)),
    "tenacity wait_fixed(2), as the vendor's SDK": partial(of_tenacity, tenacity.wait_fixed(2)),
    "tenacity wait_fixed(10), as prefect-dbt": partial(of_tenacity, tenacity.wait_fixed(10)),
}


def alone(lengths: Smooth, jobs: int) -> list[Row]:
    """Every job on its own and an answer that takes no time; looks only."""
    taken, best = spread(lengths, jobs, random.Random(SEED)), limit(lengths)
    rows = []
    for name, wait in POLLS.items():
        server = Server(taken)
        for number in range(jobs):
            wait(server, server.create(number))
        rows.append(_alone(lengths, name, server, best))
    server = Server([])
    for length in taken:
        server.lengths = [length]
        airbyte(server)
    rows.append(_alone(lengths, "airbyte-cdk AsyncJobOrchestrator, 5 s", server, best))
    return rows


def _alone(lengths: Smooth, policy: str, server: Server, best: float) -> Row:
    lag = lags(list(server.late.values()))
    looks = len(server.times) / len(server.ends) - 1  # the create
    return {
        "lengths": lengths.name,
        "policy": policy,
        "looks a job": round(looks, 2),
        "mean lag s": round(lag.mean, 2),
        "95 % lag s": round(lag.p95, 2),
        "η": round(best / (looks * lag.mean), 2),
    }


def crowd(number: int, lengths: Smooth | Uniform) -> Row:
    """Jobs that are open together, created and looked at one after the other, as its code does."""
    server = Server(spread(lengths, number, random.Random(SEED)), latency=LATENCY)
    airbyte(server)
    lag = lags(list(server.late.values()))
    return {
        "open jobs": f"{number:,} of {lengths.name}",
        "policy": "airbyte-cdk AsyncJobOrchestrator, 5 s",
        "requests a job": round(len(server.times) / number, 2),
        "median lag s": round(lag.median, 2),
        "mean lag s": round(lag.mean, 2),
        "95 % lag s": round(lag.p95, 2),
        "worst second": worst(server.times, 1.0),
        "worst minute": worst(server.times, 60.0),
    }


def _tenacity_create(server: Server, number: int) -> None:
    stop, wait = tenacity.stop_after_attempt(1 + RETRIES), tenacity.wait_random_exponential(1, 60)
    tenacity.Retrying(stop=stop, wait=wait, reraise=True)(server.create, number)


def _databricks_create(server: Server, number: int) -> None:
    retried(on=[ConnectionError], max_attempts=1 + RETRIES)(server.create)(number)


def _each(create: Callable[[Server, int], None], server: Server) -> int:
    failed = 0
    for number in range(SUBMITS):
        try:
            create(server, number)
        except (ConnectionError, RuntimeError):
            failed += 1
    return failed


CREATES: dict[str, Callable[[Server], int]] = {
    "airbyte-cdk AsyncJobOrchestrator": airbyte,
    f"tenacity around the POST, {RETRIES} retries": partial(_each, _tenacity_create),
    f"databricks-sdk retried() around the POST, {RETRIES} retries": partial(_each, _databricks_create),
}


def lost_answers(policy: str) -> Row:
    """As many creates as `SUBMITS`; one answer in ten is lost, its job runs."""
    server = Server([1.0] * SUBMITS, lost=LOST)
    failed = CREATES[policy](server)
    return {
        "policy": policy,
        "wanted": SUBMITS,
        "jobs at the server": len(server.ends),
        "duplicates": len(server.ends) - SUBMITS,
        "told as failed, though a job runs": failed,
    }


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--jobs", type=int, default=1_500, help="a distribution (default: 1,500)")
    asked = ask.parse_args()
    logging.disable(logging.CRITICAL)  # a warning for each lost answer
    CLOCK.install()
    timer.Timer._now = CLOCK.date  # noqa: SLF001 - Airbyte's only other way to the time
    random.seed(SEED)  # their jitter
    print(f"Seed {SEED}; {', '.join(f'{name} {version(name)}' for name in PACKAGES)}.")
    print(markdown("One job, their own code", [row for x in (SHORT, MINUTE, WIDE) for row in alone(x, asked.jobs)]))
    print(markdown(f"Many jobs, their own code, {LATENCY} s a request", [crowd(*case) for case in CROWDS]))
    print(markdown(f"{LOST:.0%} of the creates lose their answer", [lost_answers(policy) for policy in CREATES]))


if __name__ == "__main__":
    main()
