"""From the order to run a flow to the POST at the API: how long, and how many runs a minute.

`python -m bench.start` starts a Prefect server and a sandbox on loopback, sets everything up with `lead-moves
deploy`, and creates flow runs of `move-leads` through Prefect's API: one after the other, then all at once, first
with `lead-moves serve`, then with a process worker. Each run is a process of its own, which imports Prefect.
"""

import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

import sandbox
from bench.plans import prefect_server
from bench.tables import markdown

ALONE, TOGETHER = 3, 5  # runs
PATIENCE = 300.0  # seconds
WAYS: Mapping[str, tuple[str, ...]] = {
    "lead-moves serve": ("deployments", "serve"),
    "process worker": ("prefect", "worker", "start", "--pool", "lead-moves"),
}
ENDED = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}


class Bench:
    """A Prefect server with our deployments, and an Instantly with a list for each run."""

    def __init__(self, api: str, url: str, here: sandbox.Sandbox, folder: Path) -> None:
        self.api, self.here, self.folder = api, here, folder
        self.env = {
            **os.environ,
            "PREFECT_HOME": str(folder / "client"),
            "PREFECT_API_URL": api,
            "PREFECT_RUNNER_POLL_FREQUENCY": "1",
            "PREFECT_WORKER_QUERY_SECONDS": "1",
            "INSTANTLY_API_URL": url,
            "INSTANTLY_API_KEY": here.settings.key,
            "LEAD_MOVES_LEDGER": f"sqlite:///{folder}/ledger.sqlite",
        }

    def ask(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        while True:
            with suppress(httpx.TimeoutException):  # ten runs start at once, and it has the same two cores
                answer = self._asked(f"{self.api}{path}", body)
                if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:  # its SQLite is busy, for a moment
                    return answer.raise_for_status().json()
            time.sleep(0.2)

    @staticmethod
    def _asked(url: str, body: Mapping[str, Any] | None) -> httpx.Response:
        return httpx.get(url, timeout=30) if body is None else httpx.post(url, json=dict(body), timeout=60)

    def deploy(self) -> None:
        command = [sys.executable, "-m", "deployments", "deploy"]
        subprocess.run(command, cwd=self.folder, env=self.env, check=True, stdout=sys.stderr)  # noqa: S603

    @contextmanager
    def running(self, words: tuple[str, ...]) -> Iterator[None]:
        """Whoever executes the runs."""
        command = [sys.executable, "-m", *words]
        process = subprocess.Popen(  # noqa: S603 - our own words
            command, cwd=self.folder, env=self.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            self.seconds_to_post(1)  # it has started when it has made a first run
            yield
        finally:
            process.send_signal(signal.SIGINT)
            process.wait()

    def seconds_to_post(self, runs: int) -> tuple[list[float], float]:
        """From each order to its POST, and from the first order to the last end, of runs ordered at once."""
        deployment = self.ask("/deployments/name/move-leads/move-leads")["id"]
        known, begun = set(self.here.jobs.by_id), time.time()
        ordered = [self._order(deployment, number) for number in range(runs)]
        self._until(lambda: all(self.ask(f"/flow_runs/{run}")["state_type"] in ENDED for run, _ in ordered))
        took = time.time() - begun
        posted = sorted(job.life.created for id_, job in self.here.jobs.by_id.items() if id_ not in known)
        if len(posted) != runs:
            raise SystemExit(f"{len(posted)} of {runs} runs sent their move")
        return [at - order for at, (_, order) in zip(posted, ordered, strict=True)], took

    def _order(self, deployment: str, number: int) -> tuple[str, float]:
        source, to = self.here.workspace.add_list(f"from {number}"), self.here.workspace.add_list(f"to {number}")
        self.here.workspace.add_leads(source, 1)
        request = {"list_id": source.id, "to_list_id": to.id, "limit": 1}
        parameters = {"move": {"name": f"move {number}", "request": request}}
        order = {"parameters": parameters, "idempotency_key": source.id}  # asked twice, made once
        at = time.time()
        return self.ask(f"/deployments/{deployment}/create_flow_run", order)["id"], at

    @staticmethod
    def _until(true: Any) -> None:
        over = time.monotonic() + PATIENCE
        while not true():
            if time.monotonic() > over:
                raise SystemExit("a run did not end")
            time.sleep(0.1)


def measured(bench: Bench, words: tuple[str, ...]) -> dict[str, float]:
    bench.deploy()  # each time: `serve` takes the deployments out of the pool
    with bench.running(words):
        alone = [bench.seconds_to_post(1)[0][0] for _ in range(ALONE)]
        together, took = bench.seconds_to_post(TOGETHER)
    return {
        "order to POST, alone: median s": round(statistics.median(alone), 2),
        "worst s": round(max(alone), 2),
        f"{TOGETHER} at once: median s": round(statistics.median(together), 2),
        "last s": round(max(together), 2),
        "runs a minute": round(60 * TOGETHER / took, 1),
    }


def main() -> None:
    """Print a line a way."""
    settings = sandbox.Settings(seconds_per_job=0.1, per_second=None, per_minute=None)
    here = sandbox.create(leads=0, seed=1, settings=settings)
    with (
        TemporaryDirectory(prefix="lead-moves-bench-") as name,
        prefect_server(Path(name)) as api,
        sandbox.running(here) as url,
    ):
        bench = Bench(api, url, here, Path(name))
        rows = [{"who runs it": way} | measured(bench, words) for way, words in WAYS.items()]
    print(markdown("From the order to the POST", rows))


if __name__ == "__main__":
    main()
