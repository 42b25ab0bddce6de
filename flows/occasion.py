"""The occasion of a flow run: what makes the same move of another day another move."""

from datetime import UTC, datetime
from typing import Annotated

from prefect.context import FlowRunContext
from pydantic import WithJsonSchema

from leadmoves.begin import new_occasion

# One kind of value: the run form draws a plain text box, and leaves out what nobody filled in.
Text = Annotated[str | None, WithJsonSchema({"type": "string"})]


def occasion_of_run(given: str | None) -> str:
    """What was given; else a scheduled run's expected start; else the flow run's id.

    A late, repeated or backfilled scheduled run has the expected start of the first: it never sends twice.
    """
    if given:
        return _instant(given)
    context = FlowRunContext.get()
    run = context.flow_run if context else None
    if run is None:
        return new_occasion()
    if run.auto_scheduled and run.expected_start_time:
        return _instant(run.expected_start_time.isoformat())
    return str(run.id)


def _instant(given: str) -> str:
    """A time is an occasion however it is written: who makes up for a scheduled run gives its time."""
    try:
        time = datetime.fromisoformat(given)
    except ValueError:
        return given
    return time.astimezone(UTC).isoformat() if time.tzinfo else given
