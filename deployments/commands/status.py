"""`lead-moves status` and `forget`: the ledger, read. Only a move in doubt asks the API, about its candidates."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TypeVar

from rich.console import Console
from rich.table import Table

from deployments.commands.candidates import candidate_lines
from deployments.commands.screen import print_report, sentence
from leadmoves.clock import SystemClock
from leadmoves.errors import InvalidInput, Problem
from leadmoves.ledger import Ledger, Row
from leadmoves.outcome.report import Report, report_of_row
from leadmoves.outcome.telling import advice
from leadmoves.settings import read_settings

T = TypeVar("T")
DAY = 86_400.0


def show_status(key: str | None, *, as_json: bool) -> int:
    """Print the latest moves, or one with its story; returns the exit code of what it shows."""
    rows = with_ledger(lambda ledger: _rows(ledger, key))
    report = Report(occasion=rows[0].occasion if key else "status", moves=tuple(map(report_of_row, rows)))
    if as_json:
        print_report(report, as_json=True)
    elif key:
        _story(rows[0])
    else:
        _list(rows)
    return report.exit_code if key else 0


def forget_before(days: int) -> int:
    """Delete finished moves older than so many days; returns how many."""
    return with_ledger(lambda ledger: ledger.forget(SystemClock().now() - days * DAY))


def with_ledger(ask: Callable[[Ledger], Awaitable[T]]) -> T:
    """Open the ledger, ask it one thing, close it."""

    async def asked() -> T:
        settings = read_settings()
        ledger = await Ledger.open(settings.ledger_url, SystemClock(), settings.lease)
        try:
            return await ask(ledger)
        finally:
            await ledger.close()

    return asyncio.run(asked())


def known_row(key: str) -> Row:
    """The row of a key; `InvalidInput` where the ledger has none."""
    return with_ledger(lambda ledger: _rows(ledger, key))[0]


async def _rows(ledger: Ledger, key: str | None) -> list[Row]:
    if key is None:
        return await ledger.newest()
    row = await ledger.row(key)
    if row is None:
        raise InvalidInput(Problem("key", f"the ledger has no move {key}; lead-moves status lists them"))
    return [row]


def _list(rows: list[Row]) -> None:
    grid = Table(box=None)
    for name in ("when", "key", "move"):
        grid.add_column(name, no_wrap=True)
    grid.add_column("outcome", overflow="fold")
    for row in rows:
        said = sentence(report_of_row(row)) if row.outcome else f"({row.state})"
        grid.add_row(_when(row.created_at), row.key, row.name, said)
    Console(highlight=False).print(grid)


def _story(row: Row) -> None:
    """Everything that is known of one move."""
    lines = {
        "move": row.name,
        "key": row.key,
        "occasion": row.occasion,
        "state": row.state,
        "request": json.dumps(dict(row.body), ensure_ascii=False),
        "written": _when(row.created_at),
        "sent": f"{_when(row.sent_at)}, {row.posts} time(s)" if row.sent_at else "no",
        "job": row.job_id or "",
        "adopted": "its answer was lost; found in the job list" if row.adopted else "",
        "candidates": "\n            ".join(candidate_lines(row)),
        "ended": _when(row.ended_at),
        "outcome": sentence(report_of_row(row)) if row.outcome else "",
        "next": advice(row.outcome, row.key) if row.outcome else "",
    }
    for name, value in lines.items():
        if value:
            sys.stdout.write(f"{name:>10}  {value}\n")


def _when(at: float | None) -> str:
    return datetime.fromtimestamp(at, UTC).astimezone().strftime("%Y-%m-%d %H:%M") if at else ""
