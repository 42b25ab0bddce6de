"""The figures to reach, each held against what the benches have just measured.

Goal ── bench, column, which rows ──► the worst of them ──► met, missed, or not measured
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bench.lengths import MINUTE, SHORT, WIDE
from bench.tables import Row

Measured = Mapping[str, list[Row]]
"""The rows of each bench that ran."""

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
    rows: Mapping[str, tuple[str | float, ...]] = field(default_factory=dict)
    unit: str = ""
    full: bool = False  # measured by --full only
    of: Callable[[list[float]], float] | None = None  # instead of the worst

    def measured(self, by_bench: Measured) -> float | None:
        values = [row[self.column] for row in by_bench.get(self.bench, []) if self._concerns(row)]
        numbers = [value for value in values if isinstance(value, float)]
        if not numbers:
            return None
        return self.of(numbers) if self.of else (max if self.at_least is None else min)(numbers)

    def _concerns(self, row: Row) -> bool:
        return self.column in row and all(row.get(name) in among for name, among in self.rows.items())

    def met(self, value: float) -> bool:
        return (self.at_most is None or value <= self.at_most) and (self.at_least is None or value >= self.at_least)

    def line(self, by_bench: Measured, *, full: bool) -> Row:
        value = self.measured(by_bench)
        if value is None:
            verdict = "only with --full" if self.full and not full else "**not measured**"
        else:
            verdict = "yes" if self.met(value) else f"**no**, by {self._miss(value)}"
        return {
            "figure": self.what,
            "goal": self._bound,
            "measured": "" if value is None else f"{value:,.4g}{self.unit}",
            "met": verdict,
            "bench": f"`{self.bench}`",
        }

    @property
    def _bound(self) -> str:
        return f"≥ {self.at_least:,g}{self.unit}" if self.at_most is None else f"≤ {self.at_most:,g}{self.unit}"

    def _miss(self, value: float) -> str:
        bound = self.at_least if self.at_most is None else self.at_most
        return f"{abs(value - (bound or 0.0)):.3g}{self.unit}"


def _growth(by_size: list[float]) -> float:
    return by_size[-1] / by_size[0]


def _tests(what: str, path: str, *, full: bool = False) -> Goal:
    return Goal(f"{what}: tests that fail", "proofs", "failed", at_most=0, rows={"tests": (path,)}, full=full)


def _crowd(jobs: str, requests: float, lag: float, said: str) -> tuple[Goal, Goal]:
    these: Mapping[str, tuple[str | float, ...]] = {"jobs": (jobs,)}
    return (
        Goal(f"{said}: all requests a job", "watching", "requests a job", at_most=requests, rows=these),
        Goal(f"{said}: median lag", "watching", "median lag s", at_most=lag, rows=these, unit=" s"),
    )


GOALS: tuple[Goal, ...] = (
    Goal("duplicates, 10 % of the answers lost, 2,000 submits", "lost_answers", "duplicates", at_most=0),
    Goal("the same: moves without a job", "lost_answers", "without a job", at_most=0),
    _tests("no duplicate and no loss in any weather", "faults/test_many_faults.py"),
    _tests("no duplicate over all kill points; a restart of a known job sends nothing", "faults/test_kill.py"),
    *(
        Goal(
            f"one job, blind: η, {lengths.name}",
            "polling",
            "η",
            at_least=0.65,
            rows={"lengths": (lengths.name,), "policy": ("**ours, blind**",)},
        )
        for lengths in (SHORT, MINUTE, WIDE)
    ),
    Goal(
        "one job, honest progress, median 60 s: looks (the POST comes on top)",
        "polling",
        "looks a job",
        at_most=10,
        rows={"lengths": (MINUTE.name,), "policy": HONEST},
    ),
    Goal(
        "the same: mean lag",
        "polling",
        "mean lag s",
        at_most=1.2,
        rows={"lengths": (MINUTE.name,), "policy": HONEST},
        unit=" s",
    ),
    *_crowd(CROWD, 2.5, 1.0, "200 jobs of 20-40 s"),
    *_crowd(f"{CROWD}, 2,000 addresses a row", 2.5, 1.0, "200 jobs of 20-40 s, heavy rows"),
    *_crowd(THOUSAND, 2.0, 2.0, "1,000 jobs, median 60 s"),
    _tests("a 10-minute outage is survived", "leadmoves/watch"),
    _tests("four processes, one budget: every window kept, no 429, ≥ 90 % used", "pace"),
    Goal(
        "makespan ÷ lower bound, arrivals in plan order, as many side by side as can be",
        "schedule",
        "ours ÷ lower bound",
        at_most=1.1,
        rows={"arrivals": ("in plan order",), "side by side": ("any",)},
    ),
    Goal(
        "the same, at most 50 side by side",
        "schedule",
        "ours ÷ lower bound",
        at_most=1.1,
        rows={"arrivals": ("in plan order",), "side by side": (50.0,)},
    ),
    Goal(
        "the same, arrivals in any order",
        "schedule",
        "ours ÷ lower bound",
        at_most=1.1,
        rows={"arrivals": ("in any order",)},
    ),
    Goal("Prefect task runs a move", "plans", "task runs a move", at_most=5),
    Goal(
        "time a move, plan of 1,000, all included", "plans", "ms a move", 20, rows={"moves": (1_000.0,)}, unit=" ms"
    ),
    Goal("memory, plan of 1,000", "plans", "peak MB", at_most=300, rows={"moves": (1_000.0,)}, unit=" MB"),
    # Linear is 1; starting up, shared by more moves, makes it less.
    Goal("cost a move, largest plan ÷ smallest", "plans", "CPU ms a move", at_most=1, of=_growth),
    Goal("core tests", "proofs", "seconds", at_most=5, rows={"tests": ("leadmoves",)}, unit=" s"),
    Goal("all tests", "proofs", "seconds", at_most=300, rows={"tests": ("all",)}, unit=" s", full=True),
)
