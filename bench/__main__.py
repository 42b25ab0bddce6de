"""Runs every bench as its own process, one after the other, and writes docs/figures.md.

    python -m bench [--full] [--only NAME…]

The exit code is 1 where a bench is missing or fails; a figure that is missed is told, and fails nothing.
"""

import argparse
import subprocess
import sys
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.page import Told, failed_goals, page

ROOT = Path(__file__).parents[1]
PEERS = ROOT / ".venv-peers" / "bin" / "python"  # made by `make bench`
PAGE, PICTURE = ROOT / "docs" / "figures.md", ROOT / "docs" / "images" / "polling.png"
PATIENCE = 3_600  # seconds for one bench; the longest, plans of 10,000 moves, takes a quarter of an hour


@dataclass(frozen=True)
class Bench:
    """One module, what it measures, and what --full adds to its arguments."""

    name: str
    measures: str
    quick: tuple[str, ...] = ()
    full: tuple[str, ...] = ()
    python: Path = Path(sys.executable)

    def run(self, *, full: bool) -> Told:
        given = self.full if full else self.quick
        shown = " ".join(("python -m", f"bench.{self.name}", *given))
        begun = time.monotonic()
        text, failure = self._output(given)
        return Told(self.name, self.measures, shown, text, time.monotonic() - begun, failure)

    def _output(self, given: tuple[str, ...]) -> tuple[str, str | None]:
        if not self.python.exists():
            return "", "its virtual environment is missing, which `make bench` makes"
        if find_spec(f"bench.{self.name}") is None:
            return "", "there is no such bench"
        command = [str(self.python), "-m", f"bench.{self.name}", *given]
        try:
            told = subprocess.run(  # noqa: S603 - our own words
                command, cwd=ROOT, stdout=subprocess.PIPE, text=True, timeout=PATIENCE, check=False
            )
        except subprocess.TimeoutExpired:
            return "", f"it took more than {PATIENCE} s"
        return told.stdout, f"exit code {told.returncode}" if told.returncode else None


BENCHES = (
    Bench(
        "polling", "Looks and lag of watching jobs: ours and others' schedules, as models on a virtual time line."
    ),
    Bench(
        "peers_own_code", "The same jobs, watched and sent by others' own code, with virtual time.", python=PEERS
    ),
    Bench("lost_answers", "Our submitter where one answer in ten is lost, against the sandbox in virtual time."),
    Bench(
        "watching",
        "Our watch, submits and pace against the sandbox in virtual time; nothing modelled.",
        full=("--most", "10000"),
    ),
    Bench("schedule", "Which moves run side by side: the time a plan takes, against the shortest that it can."),
    Bench("submit", "What the protocol adds to a POST, and what the ledger takes, in real time."),
    Bench("start", "From the order to run a flow to the POST, in real time."),
    Bench(
        "plans",
        "Whole plans through `lead-moves run`, Prefect and the sandbox, in real time; jobs take a second.",
        quick=("100", "1000"),
        full=("100", "1000", "10000"),
    ),
    Bench("proofs", "Tests that prove a figure.", full=("--full",)),
)


def drawn(told: list[Told]) -> bool:
    """The picture, from what polling and the peers printed."""
    with TemporaryDirectory(prefix="lead-moves-bench-") as folder:
        files = [Path(folder) / one.name for one in told if one.name in {"polling", "peers_own_code"}]
        for one, file in zip((one for one in told if Path(folder) / one.name in files), files, strict=True):
            file.write_text(one.text)
        command = [sys.executable, "-m", "bench.peers_plot", *map(str, files), str(PICTURE)]
        return subprocess.run(command, cwd=ROOT, check=False).returncode == 0  # noqa: S603 - our own words


def say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--full", action="store_true", help="also plans and crowds of 10,000, and the long proofs")
    ask.add_argument(
        "--only", nargs="+", choices=[bench.name for bench in BENCHES], help="print these, write nothing"
    )
    asked = ask.parse_args()
    told = []
    for bench in BENCHES:
        if asked.only and bench.name not in asked.only:
            continue
        say(f"{bench.name}: {bench.measures}")
        told.append(bench.run(full=asked.full))
        say(f"{bench.name}: {told[-1].failure or 'done'}, {told[-1].seconds:.0f} s")
    if asked.only:
        print("\n".join(one.section for one in told))
        sys.exit(any(one.failure for one in told))
    picture = drawn(told)
    PAGE.write_text(page(told, "images/polling.png" if picture else None, full=asked.full))
    for figure, verdict in failed_goals(told, full=asked.full).items():
        say(f"  {verdict}: {figure}")
    say(f"written: {PAGE.relative_to(ROOT)}")
    sys.exit(not picture or any(one.failure for one in told))


if __name__ == "__main__":
    main()
