"""A person stops a run: what it has not sent stays unsent, what it has goes on in Instantly and is still followed.

A run that dies is another matter: nobody wanted that, and whoever resumes it sends the rest.
"""

from leadmoves.api.tally import Tally
from leadmoves.jobs import Outcome
from leadmoves.ledger import Ledger
from leadmoves.outcome.endings import Ending
from leadmoves.outcome.report import MoveReport, report_of

REASON = "its run was stopped before it was sent; run it again to send it"


async def stop(ledger: Ledger, *, occasion: str | None = None, flow_run: str | None = None) -> list[MoveReport]:
    """End what an occasion or a flow run has not sent, whoever is about to: it can no more.

    Returns:
        The reports of the moves that were stopped.

    """
    ending = Ending(outcome=Outcome.NOT_SENT, reason=REASON)
    reports = [report_of(row, ending, Tally(), 0.0) for row in await ledger.unsent(occasion, flow_run)]
    stopped = await ledger.stop({each.key: each.model_dump(mode="json") for each in reports}, REASON)
    return [each for each in reports if each.key in stopped]
