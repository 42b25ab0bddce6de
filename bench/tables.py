"""Tables of figures, written and read back: what one bench prints, the page and its goals take from there."""

from collections.abc import Sequence
from typing import Any

Row = dict[str, Any]


def markdown(title: str, rows: Sequence[Row]) -> str:
    """A heading and a table under it; all rows have the first one's columns."""
    head = list(rows[0])
    lines = [head, ["---"] * len(head), *([str(row[name]) for name in head] for row in rows)]
    return f"\n## {title}\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines)


def tables(text: str) -> list[Row]:
    """The rows of all tables in a text; what looks like a number is one."""
    rows: list[Row] = []
    head: list[str] = []
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")] if line.startswith("|") else []
        if not cells:
            head = []
        elif not head:
            head = cells
        elif set("".join(cells)) - set("-: "):
            rows.append(dict(zip(head, map(_value, cells), strict=True)))
    return rows


def _value(cell: str) -> str | float:
    try:
        return float(cell.replace(",", ""))
    except ValueError:
        return cell


def worst(times: Sequence[float], window: float) -> int:
    """The most of them in any window; half open."""
    ordered, most, first = sorted(times), 0, 0
    for last, at in enumerate(ordered):
        while ordered[first] <= at - window + 1e-9:  # 80 steps of 1/80 s are a second
            first += 1
        most = max(most, last - first + 1)
    return most
