"""A flow run that a person cancels in Prefect: its process is ended, and what it had not sent stays unsent."""

from typing import Any

from prefect.client.schemas.objects import FlowRun, State
from prefect.logging.loggers import flow_run_logger

from leadmoves.clock import SystemClock
from leadmoves.ledger import Ledger
from leadmoves.settings import read_settings
from leadmoves.stop import stop


async def send_no_more(flow: Any, flow_run: FlowRun, state: State[Any]) -> None:  # noqa: ARG001 - Prefect's order
    """Without it, the next `resume_moves` would take the run for a dead one, and send the rest."""
    settings = read_settings()
    ledger = await Ledger.open(settings.ledger_url, SystemClock(), settings.lease)
    try:
        stopped = await stop(ledger, flow_run=str(flow_run.id))
    finally:
        await ledger.close()
    said = "cancelled: %s moves were not sent; what was sent goes on in Instantly, and is followed to its end"
    flow_run_logger(flow_run, flow).info(said, len(stopped))
