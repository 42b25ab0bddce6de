"""The figures to reach, each held against what the benches have just measured.

Goal ── bench, column, which rows ──► the worst of them ──► met, missed, or not measured
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from bench.lengths import MINUTE, SHORT, WIDE, Smooth
from bench.tables import Row

Measured = Mapping[str, list[Row]]
"""The rows of each bench that ran."""

Chosen = Mapping[str, tuple[str | float, ...]]
"""Column to the cells that are meant."""

HONEST = tuple(f"**ours**, progress {curve}" for curve in ("linear", "bowed", "broken line"))
CROWD, THOUSAND = "200 of 20-40 s", f"1,000 of {MINUTE.name}"


@dataclass(frozen=True)
class Goal:
    """A bound on the worst of some rows of a bench."""

    what: str
    bench: str
    column: str
    at_most: float | None = None
    at_least: float | None = None
    rows: Chosen = field(default_factory=dict)
    unit: str = ""
    full: bool = False  # measured by --full only
    sample: bool = False  # without --full, fewer of them than the figure asks for
    of: Callable[[list[Row]], float | None] | None = None  # instead of the worst

    def measured(self, by_bench: Measured) -> float | None:
        rows = [row for row in by_bench.get(self.bench, []) if self._concerns(row)]
        if self.of:
            return self.of(rows)
        numbers = [row[self.column] for row in rows if isinstance(row.get(self.column), float)]
        return (max if self.at_least is None else min)(numbers, default=None)

    def _concerns(self, row: Row) -> bool:
        return all(row.get(name) in among for name, among in self.rows.items())

    def met(self, value: float) -> bool:
        return (self.at_most is None or value <= self.at_most) and (self.at_least is None or value >= self.at_least)

    def line(self, by_bench: Measured, *, full: bool) -> Row:
        value = self.measured(by_bench)
        return {
            "figure": self.what,
            "goal": self._bound,
            "measured": "" if value is None else f"{value:,.4g}{self.unit}",
            "met": self._verdict(value, full=full),
            "bench": f"`{self.bench}`",
        }

    def _verdict(self, value: float | None, *, full: bool) -> str:
        if value is None:
            return "only with --full" if self.full and not full else "**not measured**"
        if not self.met(value):
            return f"**no**, by {self._miss(value)}"
        return "yes, in a sample" if self.sample and not full else "yes"

    @property
    def _bound(self) -> str:
        return f"≥ {self.at_least:,g}{self.unit}" if self.at_most is None else f"≤ {self.at_most:,g}{self.unit}"

    def _miss(self, value: float) -> str:
        bound = self.at_least if self.at_most is None else self.at_most
        return f"{abs(value - (bound or 0.0)):.3g}{self.unit}"


def _growth(rows: list[Row]) -> float | None:
    """Processor time of a further move among many, over that among few: starting up is in neither."""
    if len(rows) < 3:  # noqa: PLR2004 - two slopes
        return None
    spent = [(row["moves"], row["moves"] * row["CPU ms a move"]) for row in rows[-3:]]
    early, late = ((c2 - c1) / (n2 - n1) for (n1, c1), (n2, c2) in pairwise(spent))
    return float(late / early)


def _tests(what: str, name: str, *, sample: bool = False) -> Goal:
    return Goal(f"{what}: tests that fail", "proofs", "failed", 0, rows={"tests": (name,)}, sample=sample)


def _blind(lengths: Smooth) -> Goal:
    rows: Chosen = {"lengths": (lengths.name,), "policy": ("**ours, blind**",)}
    return Goal(f"one job, blind: η, {lengths.name}", "polling", "η", at_least=0.65, rows=rows)


def _honest(what: str, column: str, at_most: float, unit: str = "") -> Goal:
    rows: Chosen = {"lengths": (MINUTE.name,), "policy": HONEST}
    return Goal(f"one job, honest progress, median 60 s: {what}", "polling", column, at_most, rows=rows, unit=unit)


def _crowd(jobs: str, requests: float, lag: float, said: str) -> tuple[Goal, Goal]:
    rows: Chosen = {"jobs": (jobs,)}
    return (
        Goal(f"{said}: all requests a job", "watching", "requests a job", requests, rows=rows),
        Goal(f"{said}: median lag", "watching", "median lag s", lag, rows=rows, unit=" s"),
    )


def _makespan(bound: str, column: str, arrivals: str, *side_by_side: str | float) -> Goal:
    rows: Chosen = {"arrivals": (arrivals,), "side by side": side_by_side}
    return Goal(f"makespan ÷ {bound}, arrivals {arrivals}", "schedule", column, 1.1, rows=rows)


def _plan(what: str, column: str, at_most: float, unit: str) -> Goal:
    return Goal(f"plan of 1,000: {what}", "plans", column, at_most, rows={"moves": (1_000.0,)}, unit=unit)


GOALS: tuple[Goal, ...] = (
    Goal("duplicates, 10 % of the answers lost, 2,000 submits", "lost_answers", "duplicates", 0),
    Goal("the same: moves without a job", "lost_answers", "without a job", 0),
    _tests("no duplicate and no loss over 10,000 faulty submits", "faulty submits", sample=True),
    _tests(
        "no duplicate over all kill points, 50 times each; known jobs: no POST, ≤ 2 GET", "kill points", sample=True
    ),
    _blind(SHORT),
    _blind(MINUTE),
    _blind(WIDE),
    _honest("looks (the POST comes on top)", "looks a job", 10),
    _honest("mean lag", "mean lag s", 1.2, " s"),
    *_crowd(CROWD, 2.5, 1.0, "200 jobs of 20-40 s"),
    *_crowd(f"{CROWD}, 2,000 addresses a row", 2.5, 1.0, "200 jobs of 20-40 s, heavy rows"),
    *_crowd(THOUSAND, 2.0, 2.0, "1,000 jobs, median 60 s"),
    _tests("a 10-minute outage is survived, ≤ 10 % extra requests after it", "outages"),
    _tests("four processes, one budget: every window kept, no 429, ≥ 90 % used", "four processes"),
    # The bound as it was set; then with the longest chain of the order that was asked for, which no plan can beat.
    _makespan("the busiest's own jobs", "ours ÷ busiest", "in any order", "any"),
    _makespan("the busiest's own jobs", "ours ÷ busiest", "in plan order", "any"),
    _makespan("the larger of busiest and longest chain", "ours ÷ lower bound", "in any order", "any", 50.0),
    _makespan("the larger of busiest and longest chain", "ours ÷ lower bound", "in plan order", "any", 50.0),
    Goal("Prefect task runs a move", "plans", "task runs a move", 5),
    _plan("time a move, with start-up, server, sandbox and a job", "ms a move", 20, " ms"),
    _plan("processor time of `lead-moves run` a move", "CPU ms a move", 20, " ms"),
    _plan("memory", "peak MB", 300, " MB"),
    # Linear is 1; two runs of one size differ by a fifth.
    Goal("processor time of a further move, 1,000 → 10,000 ÷ 100 → 1,000", "plans", "", 1.2, of=_growth, full=True),
    Goal("core tests", "proofs", "seconds", 5, rows={"tests": ("core",)}, unit=" s"),
    Goal("all tests", "proofs", "seconds", 300, rows={"tests": ("all",)}, unit=" s", full=True),
)
