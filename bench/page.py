"""The page of figures: where and with what they were measured, the goals, then each bench's own tables."""

import os
import platform
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path

from bench.goals import GOALS
from bench.tables import markdown, tables

PACKAGES = ("prefect", "httpx", "pydantic", "sqlalchemy", "tenacity", "fastapi")


@dataclass(frozen=True)
class Told:
    """What became of a bench: its words, or why it has none."""

    name: str
    measures: str
    command: str
    text: str
    seconds: float
    failure: str | None = None

    @property
    def section(self) -> str:
        failed = f"\n**It failed: {self.failure}.**\n" if self.failure else ""
        text = re.sub(r"^## ", "### ", self.text.strip(), flags=re.MULTILINE)
        return f"## {self.name}\n\n{self.measures} `{self.command}`, {self.seconds:.0f} s.\n{failed}\n{text}\n"


def page(told: Sequence[Told], picture: str | None, *, full: bool) -> str:
    """All of it as markdown.

    Args:
        told: the benches, in the order of the page.
        picture: its path from the page, where it was drawn.
        full: whether the long ones ran too.

    """
    rows = {one.name: tables(one.text) for one in told}
    goals = [goal.line(rows, full=full) for goal in GOALS]
    met = sum(goal["met"].startswith("yes") for goal in goals)
    image = f"\n![Requests a job against lag]({picture})\n" if picture else ""
    parts = (
        "# Figures\n",
        f"Written by `make bench`{' (`python -m bench --full`)' if full else ''}; do not edit.\n",
        *_where(),
        _seeds(told),
        _failures(told),
        markdown(f"Goals: {met} of {len(goals)} met", goals),
        image,
        *(one.section for one in told),
    )
    return "\n".join(part for part in parts if part)


def _failures(told: Sequence[Told]) -> str:
    return "".join(f"\n**{one.name}: {one.failure}.**" for one in told if one.failure)


def _seeds(told: Sequence[Told]) -> str:
    seeds = sorted({seed for one in told for seed in re.findall(r"\bSeed (\d+)", one.text)})
    return f"- Seeds: {', '.join(seeds)}. Virtual time comes out the same again; real time does not."


def _where() -> tuple[str, ...]:
    cores, memory = os.cpu_count() or 1, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = os.getloadavg()[2]
    return (
        f"- Date: {date.today().isoformat()}",  # noqa: DTZ011 - the reader's date
        f"- Machine: {_processor()}, {cores} cores, {memory:.0f} GB, {platform.system()} {platform.machine()}; "
        f"load over the last quarter of an hour {load:.1f}"
        + (": it was shared, so what is in real time is too slow" if load > cores else ""),
        f"- Python {platform.python_version()}, " + ", ".join(f"{name} {version(name)}" for name in PACKAGES),
    )


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    names = re.findall(r"model name\s*: (.*)", info.read_text()) if info.exists() else []
    return names[0] if names else platform.processor() or "an unknown processor"


def failed_goals(told: Sequence[Told], *, full: bool) -> Mapping[str, str]:
    """The goals that are not met, with the verdict."""
    rows = {one.name: tables(one.text) for one in told}
    lines = [goal.line(rows, full=full) for goal in GOALS]
    return {line["figure"]: line["met"].replace("*", "") for line in lines if not line["met"].startswith("yes")}
