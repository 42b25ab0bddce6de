"""The Instantly API v2 as plain calls: one method an endpoint, four kinds of failure, one budget."""

from leadmoves.api.client import PAGE, Before, Instantly, JobQuery, Page

__all__ = ["PAGE", "Before", "Instantly", "JobQuery", "Page"]
