"""Follow many jobs with few requests."""

from leadmoves.watch.followed import Seen, Wait
from leadmoves.watch.loop import Watch

__all__ = ["Seen", "Wait", "Watch"]
