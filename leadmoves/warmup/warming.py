"""Enable warmup: each request of at most 100 addresses sent once an occasion, waited for, every account read.

The same warmup on the same occasion is one job, whichever moves of a plan asked for it.
"""

from leadmoves.api.tally import Tally, counting
from leadmoves.errors import ApiError
from leadmoves.jobs import Outcome
from leadmoves.ledger import Intent, Kind, Row, State
from leadmoves.outcome.endings import Ending
from leadmoves.outcome.report import WarmupReport
from leadmoves.plan import WarmupRequest
from leadmoves.warmup.warmed import check_accounts
from leadmoves.workspace import Workspace

# One warmup at a time: the API answers 409 to a second one.
RESOURCE = "warmup"


async def warm_up(  # noqa: PLR0913 - a verb with its circumstances
    desk: Workspace,
    request: WarmupRequest,
    *,
    occasion: str,
    tally: Tally,
    deadline: float,
    parent: str | None = None,
) -> WarmupReport:
    """Warm up any number of accounts.

    Args:
        desk: the open workspace.
        request: cut into what the API takes.
        occasion: part of the key under which it is sent once.
        tally: its requests are counted here, as «other».
        deadline: monotonic seconds after which we stop waiting.
        parent: key of the move whose success asked for it.

    """
    parts = []
    for part in request.requests():
        own = Tally()
        parts.append(await _one(desk, _intent(part, occasion, parent), own, deadline))
        tally.other += own.total
    return merged(parts)


def merged(parts: list[WarmupReport]) -> WarmupReport:
    """One report for a warmup that was cut into several requests: as good as its worst part."""
    worst = next((part for part in parts if part.outcome is not Outcome.SUCCEEDED), parts[0])
    return WarmupReport(
        outcome=Outcome.SHORT
        if worst.outcome is Outcome.FAILED and any(p.warmed for p in parts)
        else worst.outcome,
        job_id=worst.job_id,
        warmed=sum(part.warmed for part in parts),
        not_warmed=tuple(email for part in parts for email in part.not_warmed),
        why={email: why for part in parts for email, why in part.why.items()},
    )


def _intent(request: WarmupRequest, occasion: str, parent: str | None) -> Intent:
    return Intent(
        kind=Kind.WARMUP,
        name="warmup",
        occasion=occasion,
        fingerprint=request.fingerprint(),
        body=request.body(),
        resources=(RESOURCE,),
        parent=parent or "-",
    )


async def _one(desk: Workspace, intent: Intent, tally: Tally, deadline: float) -> WarmupReport:
    row = (await desk.ledger.intend([intent]))[intent.key]
    row = await desk.submit(row, tally, deadline)
    if row.state is State.ENDED and row.report:
        return WarmupReport.model_validate(row.report)
    ending = await desk.ending(row, tally, deadline)
    with counting(tally, "other"):
        report = await _told(desk, ending, row)
    await desk.ledger.end(row.key, report.outcome, ending.reason, report.model_dump(mode="json"))
    await desk.ledger.release(row.key)
    return report


async def _told(desk: Workspace, ending: Ending, row: Row) -> WarmupReport:
    """What the warmup came to; its accounts are read where its job ended."""
    emails = tuple(map(str, row.body.get("emails") or ()))
    if ending.job is None or not ending.job.ended:
        why = dict.fromkeys(emails, ending.reason or ending.outcome)
        return WarmupReport(outcome=ending.outcome, job_id=row.job_id, not_warmed=emails, why=why)
    try:
        return await check_accounts(desk.api, ending.job, row.body)
    except ApiError as error:
        why = {ending.job.id: f"the accounts could not be read: {error}"}
        return WarmupReport(outcome=Outcome.STILL_RUNNING, job_id=row.job_id, not_warmed=emails, why=why)
