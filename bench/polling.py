"""Requests and lag of watching jobs: ours, and what people use today, on the same jobs and a virtual time line.

python -m bench.polling [--json FILE] [--plot FILE.svg]
"""

import argparse
import json
import random
import sys
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from random import Random
from typing import Any

from bench.lengths import CURVES, MINUTE, SHORT, WIDE, Smooth, Uniform, broken, limit, spread
from bench.peers import PEERS
from bench.timeline import (
    Counted,
    Crowd,
    alone_by,
    alone_by_us,
    every_page,
    likeliest_page,
    many_by_get,
    many_by_list,
)

SEED = 20261123
JOBS = 1500
THREE: tuple[Smooth, ...] = (SHORT, MINUTE, WIDE)
CROWDS: list[tuple[int, Smooth | Uniform]] = [
    (20, MINUTE),
    (200, Uniform(20, 40)),
    (200, MINUTE),
    (1_000, MINUTE),
    (10_000, MINUTE),
]

Row = dict[str, Any]


def one_job() -> list[Row]:
    """Jobs that are alone: looks, lag and η for each distribution of lengths."""
    rows = []
    for lengths in THREE:
        jobs = spread(lengths, JOBS, Random(SEED))
        best = limit(lengths)
        rows.append(_alone(lengths, "**ours, blind**", alone_by_us(jobs, Random(SEED)), best))
        for name, curve in CURVES.items():
            rows.append(_alone(lengths, f"**ours**, progress {name}", alone_by_us(jobs, Random(SEED), curve), best))
        rows += [_alone(lengths, name, alone_by(schedule, jobs), best) for name, schedule in PEERS.items()]
    return rows


def many_jobs() -> list[Row]:
    """Jobs that are open together, submitted as fast as the pace allows: all requests, lag, worst windows."""
    rows = []
    for number, lengths in CROWDS:
        jobs = spread(lengths, number, Random(SEED))
        curves = [broken(Random(SEED + i)) for i in range(number)]
        ways = {
            "**ours**": Crowd(jobs, Random(SEED)),
            "**ours**, progress broken line": Crowd(jobs, Random(SEED), curves=curves),
            "√-law, every page by id": Crowd(jobs, Random(SEED), decide=every_page),
            "√-law, the likeliest page by id": Crowd(jobs, Random(SEED), decide=likeliest_page),
        }
        rows += [_many(number, lengths, name, way.run()) for name, way in ways.items()]
        rows.append(_many(number, lengths, "one GET a job, 5 s", many_by_get(5, jobs)))
        rows += [_many(number, lengths, f"one list call, {s} s", many_by_list(s, jobs)) for s in (5, 1)]
    return rows


def _alone(lengths: Smooth, policy: str, counted: Counted, best: float) -> Row:
    return {
        "lengths": lengths.name,
        "policy": policy,
        "looks a job": round(counted.requests, 2),
        "mean lag s": round(counted.lag.mean, 2),
        "95 % lag s": round(counted.lag.p95, 2),
        "η": round(best / (counted.requests * counted.lag.mean), 2),
    }


def _many(number: int, lengths: Smooth | Uniform, policy: str, counted: Counted) -> Row:
    lag = {f"{name} lag s": round(value, 2) for name, value in asdict(counted.lag).items()}
    return {
        "open jobs": f"{number:,}, {lengths.name}",
        "policy": policy,
        "requests a job": round(counted.requests, 2),
        **lag,
        "worst second": counted.worst_second,
        "worst minute": counted.worst_minute,
    }


def markdown(title: str, rows: list[Row]) -> str:
    head = list(rows[0])
    lines = [head, ["---"] * len(head), *([str(row[name]) for name in head] for row in rows)]
    return f"\n## {title}\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines)


def plot(rows: list[Row], file: Path) -> None:
    """Looks against lag, one panel a distribution, with the blind limit as a line."""
    try:
        plt = import_module("matplotlib.pyplot")  # optional: the figures need no picture
    except ImportError:
        sys.exit("--plot needs matplotlib, which is not installed; everything else works without it")
    figure, panels = plt.subplots(1, 3, figsize=(15, 5))
    for panel, lengths in zip(panels, THREE, strict=True):
        mine = [row for row in rows if row["lengths"] == lengths.name]
        for row in mine:
            panel.loglog(row["looks a job"], row["mean lag s"], "o", label=row["policy"].replace("*", ""))
        looks = [2 * 1.1**n for n in range(60)]
        panel.loglog(looks, [limit(lengths) / n for n in looks], "k--", label="blind limit")
        panel.set(title=lengths.name, xlabel="looks a job", ylabel="mean lag, s")
    panels[-1].legend(fontsize="xx-small")
    figure.tight_layout()
    figure.savefig(file)


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--json", type=Path, help="also write the figures there")
    ask.add_argument("--plot", type=Path, help="also draw looks against lag (.svg, .png); needs matplotlib")
    asked = ask.parse_args()
    random.seed(SEED)  # tenacity's jitter
    alone, many = one_job(), many_jobs()
    print(f"Seed {SEED}; {JOBS:,} jobs a distribution. η = ½(∫√(f·S))² ÷ (looks · mean lag); 1 is the blind limit.")
    print(markdown("One job: looks and lag", alone))
    print(markdown("Many jobs: all requests (POST, baseline, looks, counters) and lag", many))
    if asked.json:
        asked.json.write_text(json.dumps({"seed": SEED, "one_job": alone, "many_jobs": many}, indent=2))
    if asked.plot:
        plot(alone, asked.plot)


if __name__ == "__main__":
    main()
