"""Send once: intend, baseline, send, settle, adopt."""

from leadmoves.submit.send import Submitter

__all__ = ["Submitter"]
