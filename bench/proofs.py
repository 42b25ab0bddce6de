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

PROOFS = ("leadmoves", "leadmoves/watch", "faults/test_many_faults.py", "faults/test_kill.py", "pace")
NO_TESTS = 5  # pytest's exit code
SUMMARY = re.compile(r"(\d+) (passed|failed|errors?)\b")
SECONDS = re.compile(r" in ([\d.]+)s")


def run(name: str, *, full: bool) -> Row | None:
    """One run of pytest; None where there is nothing to run."""
    path = "tests" if name == "all" else f"tests/{name}"
    prove = {"LEAD_MOVES_PROVE": "1"} if full and name != "all" else {}
    told = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", path],
        env={**os.environ, **prove},
        capture_output=True,
        text=True,
        check=False,
    )
    last = told.stdout.strip().rpartition("\n")[2]
    counts = {word.rstrip("s"): int(number) for number, word in SUMMARY.findall(last)}
    seconds = SECONDS.search(last)
    if told.returncode == NO_TESTS or not seconds:
        print(f"{path}: {last or 'nothing ran'}", file=sys.stderr)
        return None
    failed = counts.get("failed", 0) + counts.get("error", 0)
    if failed:
        print(told.stdout, file=sys.stderr)
    return {"tests": name, "passed": counts.get("passed", 0), "failed": failed, "seconds": float(seconds[1])}


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--full", action="store_true")
    asked = ask.parse_args()
    rows = [run(name, full=asked.full) for name in (*PROOFS, *(("all",) if asked.full else ()))]
    print(markdown("Tests that prove a figure", [row for row in rows if row]))
    if None in rows:
        sys.exit("some tests that should prove a figure did not run")


if __name__ == "__main__":
    main()
