"""How close a plan of many moves comes to the shortest time that it can take, on a virtual time line.

    python -m bench.schedule [--moves N] [--json FILE]

Two bounds hold: the busiest list or campaign must do its own work one by one, and the longest chain of moves that
follow each other (critical path) stays in order.
"""

import argparse
import json
from collections.abc import Callable, Sequence
from heapq import heappop, heappush
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Any

from bench.lengths import MINUTE, spread
from bench.polling import SEED, markdown
from leadmoves.schedule import Claim, Order, Schedule, busiest

Held = list[tuple[str, str]]


def apart(moves: int, _rng: Random) -> Held:
    return [(f"list {i}", f"campaign {i}") for i in range(moves)]


def chain(moves: int, _rng: Random) -> Held:
    return [(f"list {i}", f"list {i + 1}") for i in range(moves)]


def chains(moves: int, _rng: Random) -> Held:
    """A hundred chains, their moves mixed in the plan."""
    return [(f"list {i % 100}.{i // 100}", f"list {i % 100}.{i // 100 + 1}") for i in range(moves)]


def star(moves: int, _rng: Random) -> Held:
    return [("list", f"campaign {i}") for i in range(moves)]


def stars(moves: int, rng: Random) -> Held:
    """A hundred lists, each spread over campaigns of its own."""
    return [(f"list {rng.randrange(100)}", f"campaign {i}") for i in range(moves)]


def lists_to_campaigns(moves: int, _rng: Random) -> Held:
    """As people plan: a few lists feed many campaigns, list after list."""
    return [(f"list {i * 20 // moves}", f"campaign {i % 50}") for i in range(moves)]


def shared_lists(moves: int, rng: Random) -> Held:
    """Each move between two of 200 lists: everything depends on everything."""
    return [(f"list {a}", f"list {b}") for a, b in (rng.sample(range(200), 2) for _ in range(moves))]


SHAPES: dict[str, Callable[[int, Random], Held]] = {
    "nothing shared": apart,
    "one chain": chain,
    "100 chains, mixed": chains,
    "one star": star,
    "100 stars, mixed": stars,
    "20 lists to 50 campaigns, list by list": lists_to_campaigns,
    "random pairs of 200 shared lists": shared_lists,
}

SHARED = ("20 lists to 50 campaigns, list by list", "random pairs of 200 shared lists")
"""Where moves share destinations, so that it matters whether arrivals keep the plan's order."""


def makespan(order: Order, lengths: Sequence[float], side_by_side: int | None) -> float:
    """Runs the plan: when its last move ends."""
    schedule, now = Schedule(order, side_by_side), 0.0
    ends: list[tuple[float, int]] = []
    while not schedule.done:
        for move in schedule.take():
            heappush(ends, (now + lengths[move], move))
        now, move = heappop(ends)
        schedule.ended(move)
    return now


def measured(
    shape: str, lengths: Sequence[float], side_by_side: int | None, *, keeps_place: bool
) -> dict[str, Any]:
    moves = len(lengths)
    held = [Claim(*pair, keeps_place=keeps_place) for pair in SHAPES[shape](moves, Random(SEED))]
    begun = perf_counter()
    order = Order.of(held)  # the true lengths are not known beforehand: each counts as one
    took = makespan(order, lengths, side_by_side)
    seconds = perf_counter() - begun
    work = busiest(held, lengths)
    path = max(work, Order.of(held, lengths).critical_path, sum(lengths) / (side_by_side or moves))
    return {
        "plan": shape,
        "arrivals": "in plan order" if keeps_place else "in any order",
        "lengths": "equal" if len(set(lengths)) == 1 else MINUTE.name,
        "side by side": side_by_side or "any",
        "times faster than one by one": round(sum(lengths) / took, 1),
        "ours ÷ busiest": round(took / work, 3),
        "ours ÷ lower bound": round(took / path, 3),
        "decided in s": round(seconds, 2),
    }


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--moves", type=int, default=10_000)
    ask.add_argument("--json", type=Path, help="also write the figures there")
    asked = ask.parse_args()
    equal, unlike = [1.0] * asked.moves, spread(MINUTE, asked.moves, Random(SEED))
    rows = [
        measured(shape, lengths, side_by_side, keeps_place=keeps_place)
        for shape in SHAPES
        for keeps_place in ((True, False) if shape in SHARED else (True,))
        for lengths in (equal, unlike)
        for side_by_side in (None, 50)
    ]
    print(f"Seed {SEED}. Lower bound: the largest of busiest list or campaign, critical path, work ÷ side by side.")
    print(markdown(f"A plan of {asked.moves:,} moves", rows))
    if asked.json:
        asked.json.write_text(json.dumps({"seed": SEED, "schedule": rows}, indent=2))


if __name__ == "__main__":
    main()
