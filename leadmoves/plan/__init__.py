"""What a person asks for: a plan of moves, read, checked, and refused before anything is sent."""

from leadmoves.plan.entry import Expect, Move, OnSuccess
from leadmoves.plan.files import Plan, check_plan, parse_plan, read_plan
from leadmoves.plan.moves import MoveRequest, Where, move
from leadmoves.plan.warmup import WarmupRequest

__all__ = [
    "Expect",
    "Move",
    "MoveRequest",
    "OnSuccess",
    "Plan",
    "WarmupRequest",
    "Where",
    "check_plan",
    "move",
    "parse_plan",
    "read_plan",
]
