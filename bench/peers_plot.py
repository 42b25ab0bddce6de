"""Looks against lag of everybody who watches one job: a panel a distribution, the blind limit as a line.

python -m bench.peers_plot FIGURES… PICTURE.png    where FIGURES are what bench.polling and its peers printed
"""

import sys
from importlib import import_module
from math import cos, pi, sin
from pathlib import Path
from typing import Any

from bench.lengths import MINUTE, SHORT, WIDE, Smooth, limit
from bench.tables import Row, tables

Box = tuple[float, float, float, float]
"""Left, bottom, right, top, in dots of the picture."""

# Okabe and Ito's colours, told apart by everybody; shape says the same once more.
OURS, PEERS, INK = "#D55E00", "#0072B2", "#444444"

SHOWN = {
    "**ours, blind**": "ours, blind",
    "**ours**, progress broken line": "ours, with progress",
    "2 s (the vendor's SDK, Nango)": "2 s, vendor's SDK",
    "3 s (Pipedream)": "3 s, Pipedream",
    "airbyte-cdk AsyncJobOrchestrator, 5 s": "5 s, Airbyte CDK",
    "tenacity wait_fixed(10), as prefect-dbt": "10 s, prefect-dbt",
    "60 s (Airflow dbt Cloud)": "60 s, Airflow",
    "google-api-core PollingFuture, 1→20 s by 1.5, full jitter": "Google back-off",
    "databricks-sdk poll, 1→10 s linear": "Databricks, linear",
    "tenacity wait_random_exponential(1, 60)": "tenacity, exponential",
}

# Where a name may stand, in points from its dot, nearest first.
PLACES = [
    (radius * cos(turn * pi / 8), radius * sin(turn * pi / 8))
    for radius in (12, 18, 26, 36, 48)
    for turn in (0, 8, 1, 7, 15, 9, 2, 6, 14, 10, 3, 5, 13, 11, 4, 12)
]


def draw(rows: list[Row], file: Path) -> None:
    plt: Any = import_module("matplotlib.pyplot")
    plt.rcParams.update({"font.size": 9.5, "axes.spines.top": False, "axes.spines.right": False})
    figure, panels = plt.subplots(1, 3, figsize=(14, 5.4), dpi=110, sharey=True)
    figure.subplots_adjust(left=0.05, right=0.985, top=0.83, bottom=0.1, wspace=0.06)
    figure.suptitle("Requests a job, and how late its end is known: down and left is better", fontsize=13)
    panels[0].set_ylabel("mean lag, seconds")
    three: tuple[Smooth, ...] = (SHORT, MINUTE, WIDE)
    for panel, lengths in zip(panels, three, strict=True):
        mine = [row for row in rows if row.get("lengths") == lengths.name and row["policy"] in SHOWN]
        _frame(panel, lengths)
        _dots(panel, mine, limit(lengths))
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file)


def _frame(panel: Any, lengths: Smooth) -> None:
    best, looks = limit(lengths), [1 * 1.1**n for n in range(64)]
    blind = [best / n for n in looks]
    panel.fill_between(looks, blind, 0.1, color="#F1F1F1", zorder=0)
    panel.plot(looks, blind, color=INK, linestyle="--", linewidth=1, zorder=1)
    panel.text(1.1, 0.24, "beyond the blind limit:\nonly where progress is told", color=INK, style="italic")
    panel.set(xscale="log", yscale="log", xlim=(1, 400), ylim=(0.2, 60), xlabel="requests a job")
    panel.set_title(f"{lengths.name}\nblind limit (dashed): requests · lag = {best:.0f} s", fontsize=10)
    for axis, ticks in ((panel.xaxis, (1, 3, 10, 30, 100, 300)), (panel.yaxis, (0.3, 1, 3, 10, 30, 60))):
        axis.set_ticks(ticks, [f"{tick:g}" for tick in ticks])
        axis.set_minor_formatter("")


def _dots(panel: Any, rows: list[Row], best: float) -> None:
    """Dots first; then each name where it hides no dot, no other name and not the line, ours first."""
    for row in rows:
        look = {"marker": "*", "markersize": 14} if "ours" in row["policy"] else {"marker": "o", "markersize": 6}
        panel.plot(row["looks a job"], row["mean lag s"], color=_colour(row), zorder=3, **look)
    spots = [panel.transData.transform((row["looks a job"], row["mean lag s"])) for row in rows]
    line = [panel.transData.transform((1.02**n, best / 1.02**n)) for n in range(300)]
    taken = [(x - r, y - r, x + r, y + r) for r, dots in ((7, spots), (1, line)) for x, y in dots]
    for row in sorted(rows, key=lambda row: "ours" not in row["policy"]):
        taken.append(_name(panel, row, taken))


def _colour(row: Row) -> str:
    return OURS if "ours" in row["policy"] else PEERS


def _name(panel: Any, row: Row, taken: list[Box]) -> Box:
    """Writes it, and says what it covers."""
    name = panel.annotate(
        SHOWN[row["policy"]],
        (row["looks a job"], row["mean lag s"]),
        textcoords="offset points",
        xytext=PLACES[0],
        va="center",
        color=_colour(row),
        weight="bold" if "ours" in row["policy"] else "normal",
        arrowprops={"arrowstyle": "-", "color": _colour(row), "linewidth": 0.6, "shrinkA": 0, "shrinkB": 3},
    )
    boxes = [_box(panel, name, place) for place in PLACES]
    left, bottom, right, top = panel.bbox.extents
    inside = (left + 5, bottom, right, top)
    best = min(range(len(PLACES)), key=lambda i: (_covered(boxes[i], taken, inside), i))
    _box(panel, name, PLACES[best])
    return boxes[best]


def _box(panel: Any, name: Any, place: tuple[float, float]) -> Box:
    name.set_position(place)
    name.set_horizontalalignment("left" if place[0] > 1 else "right" if place[0] < -1 else "center")
    name.update_positions(panel.figure.canvas.get_renderer())
    covered: Box = tuple(import_module("matplotlib.text").Text.get_window_extent(name).extents)
    return covered


def _covered(box: Box, taken: list[Box], panel: Box) -> float:
    """Square dots of others that a box hides, and of itself outside the panel."""
    return sum(_shared(box, other) for other in taken) + _shared(box, box) - _shared(box, panel)


def _shared(a: Box, b: Box) -> float:
    wide, high = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    return max(wide, 0.0) * max(high, 0.0)


def main() -> None:
    *figures, picture = map(Path, sys.argv[1:])
    draw([row for file in figures for row in tables(file.read_text())], picture)


if __name__ == "__main__":
    main()
