"""Plans of 100, 1,000 and 10,000 moves through the whole of it: time, memory, requests and task runs a move.

`python -m bench.plans [SIZES…]` starts a Prefect server and a sandbox on loopback, and runs `lead-moves run` as a
process of its own. Jobs take a second and the request budget is out of the way, so that what is left is ours,
Prefect's and the sandbox's.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

import sandbox

SIZES = (100, 1_000)
LEADS = 2  # a move
SECONDS = 1.0  # a job
PORT = 4279


@contextmanager
def prefect_server(folder: Path) -> Iterator[str]:
    """A Prefect server with an empty database."""
    env = {**os.environ, "PREFECT_HOME": str(folder / "prefect"), "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}
    command = [sys.executable, "-m", "prefect", "server", "start", "--port", str(PORT), "--no-ui"]
    server = subprocess.Popen(  # noqa: S603 - our own words
        command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    url = f"http://127.0.0.1:{PORT}/api"
    try:
        _wait_for(f"{url}/health")
        yield url
    finally:
        server.terminate()
        server.wait()


def _wait_for(url: str) -> None:
    for _ in range(300):
        try:
            if httpx.get(url).is_success:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.2)
    raise SystemExit(f"nobody answers at {url}")


def scene(moves: int, folder: Path) -> sandbox.Sandbox:
    """A workspace with a list and a destination for each move, and the plan file."""
    settings = sandbox.Settings(seconds_per_job=SECONDS, per_second=None, per_minute=None)
    here = sandbox.create(leads=10, seed=1, settings=settings)
    plan = []
    for number in range(moves):
        source, to = here.workspace.add_list(f"from {number}"), here.workspace.add_list(f"to {number}")
        here.workspace.add_leads(source, LEADS)
        request = {"list_id": source.id, "to_list_id": to.id, "limit": LEADS}
        plan.append({"name": f"move {number}", "request": request})
    (folder / "plan.json").write_text(json.dumps({"moves": plan}))
    return here


def run(moves: int, api: str, folder: Path) -> dict[str, float]:
    """One plan, as a user would run it."""
    here = scene(moves, folder)
    with sandbox.running(here) as url:
        env = {
            **os.environ,
            "PREFECT_HOME": str(folder / "client"),
            "PREFECT_API_URL": api,
            "INSTANTLY_API_URL": url,
            "INSTANTLY_API_KEY": "sandbox-key",
            "INSTANTLY_REQUESTS_PER_SECOND": "100000",
            "INSTANTLY_REQUESTS_PER_MINUTE": "6000000",
            "LEAD_MOVES_LEDGER": f"sqlite:///{folder}/{moves}.sqlite",
        }
        command = [sys.executable, "-m", "deployments", "run", str(folder / "plan.json"), "--json"]
        begun = time.monotonic()
        before = _task_runs(api)
        process = subprocess.Popen(  # noqa: S603 - our own words
            command, env=env, stdout=(folder / "report.json").open("w"), stderr=subprocess.DEVNULL
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - begun
    report = json.loads((folder / "report.json").read_text())
    good = sum(move["outcome"] == "succeeded" for move in report["moves"])
    if good != moves or os.waitstatus_to_exitcode(status):
        raise SystemExit(f"{good} of {moves} succeeded")
    stats = here.stats_now()
    return {
        "moves": moves,
        "seconds": seconds,
        "ms a move": 1000 * seconds / moves,
        "CPU ms a move": 1000 * (usage.ru_utime + usage.ru_stime) / moves,
        "peak MB": usage.ru_maxrss / 1024,
        "requests a move": stats["requests_total"] / moves,
        "task runs a move": (_task_runs(api, settled=True) - before) / moves,
    }


def _task_runs(api: str, *, settled: bool = False) -> int:
    """Task runs that the server knows; it records them later than they happen."""
    last = -1
    while True:
        count = int(httpx.post(f"{api}/task_runs/count", json={}).json())
        if not settled or count == last:
            return count
        last = count
        time.sleep(5)


def main() -> None:
    """Print a table, a line a size."""
    sizes = [int(size) for size in sys.argv[1:]] or SIZES
    with TemporaryDirectory(prefix="lead-moves-bench-") as name, prefect_server(Path(name)) as api:
        rows = [run(size, api, Path(name)) for size in sizes]
    print("| " + " | ".join(rows[0]) + " |")
    print("|" + "---|" * len(rows[0]))
    for row in rows:
        print("| " + " | ".join(f"{value:,.2f}" if value % 1 else f"{value:,.0f}" for value in row.values()) + " |")


if __name__ == "__main__":
    main()
