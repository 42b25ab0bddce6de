"""The occasion of a flow run: what makes the same move of another day another move."""

from prefect.context import FlowRunContext

from leadmoves.begin import new_occasion


def occasion_of_run(given: str | None) -> str:
    """What was given; else a scheduled run's expected start; else the flow run's id.

    A late, repeated or backfilled scheduled run has the expected start of the first: it never sends twice.
    """
    if given:
        return given
    context = FlowRunContext.get()
    run = context.flow_run if context else None
    if run is None:
        return new_occasion()
    if run.auto_scheduled and run.expected_start_time:
        return run.expected_start_time.isoformat()
    return str(run.id)
