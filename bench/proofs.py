"""Figures that are proved by tests: runs them, and tells how many passed, how many failed and how long they took.

    python -m bench.proofs [--full]

`--full` runs 10,000 faulty submits and each kill point 50 times, and all tests.
"""

import argparse
import os
import re
import subprocess
import sys

from bench.tables import Row, markdown

PROOFS: dict[str, tuple[str, ...]] = {
    "core": ("tests/leadmoves",),
    "outages": ("tests/leadmoves/watch", "-k", "outage"),
    "faulty submits": ("tests/faults/test_many_faults.py",),
    "kill points": ("tests/faults/test_kill.py",),
    "four processes": ("tests/pace",),
}
ALL = {"all": ("tests",)}
SUMMARY = re.compile(r"(\d+) (passed|failed|errors?)\b")
SECONDS = re.compile(r" in ([\d.]+)s")


def run(name: str, chosen: tuple[str, ...], *, prove: bool) -> Row | None:
    """One run of pytest; None where no test ran."""
    told = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *chosen],
        env={**os.environ, **({"LEAD_MOVES_PROVE": "1"} if prove else {})},
        capture_output=True,
        text=True,
        check=False,
    )
    last = told.stdout.strip().rpartition("\n")[2]
    counts = {word.rstrip("s"): int(number) for number, word in SUMMARY.findall(last)}
    passed, failed = counts.get("passed", 0), counts.get("failed", 0) + counts.get("error", 0)
    seconds = SECONDS.search(last)
    if told.returncode:
        print(told.stdout, told.stderr, file=sys.stderr)
    if not seconds or not passed + failed:
        return None
    return {"tests": name, "passed": passed, "failed": failed, "seconds": float(seconds[1])}


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--full", action="store_true")
    full = ask.parse_args().full
    rows = [run(name, chosen, prove=full) for name, chosen in PROOFS.items()]
    rows += [run(name, chosen, prove=False) for name, chosen in ALL.items() if full]
    ran = [row for row in rows if row]
    if ran:
        print(markdown("Tests that prove a figure", ran))
    if None in rows or any(row["failed"] for row in ran):
        sys.exit("a test that proves a figure failed or did not run")


if __name__ == "__main__":
    main()
