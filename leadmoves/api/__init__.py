"""The Instantly API v2 as plain calls: one method an endpoint, four kinds of failure, one budget."""

from leadmoves.api.client import Before, Instantly
from leadmoves.api.listing import PAGE, JobQuery, Page

__all__ = ["PAGE", "Before", "Instantly", "JobQuery", "Page"]
