"""What a warmup came to, account by account: the job's `success` says only that it ran.

warmup_status of an account: 1 active · 0 paused · -1 banned · -2 spam folder unknown · -3 permanent suspension
"""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from leadmoves.api import PAGE, Instantly
from leadmoves.errors import ApiError, NotFound
from leadmoves.jobs import Job, Outcome
from leadmoves.outcome.report import WarmupReport

ACTIVE = 1
STATUS = {
    0: "warmup is paused",
    -1: "warmup is banned",
    -2: "spam folder unknown",
    -3: "suspended for good",
}


async def check_accounts(api: Instantly, job: Job, body: Mapping[str, Any]) -> WarmupReport:
    """Read every account that should warm up, and tell those that do not."""
    why = failures(job)
    failed = {email.lower() for email in why}
    if emails := body.get("emails"):
        statuses = {email: await _status(api, email) for email in emails if email.lower() not in failed}
    else:
        statuses = {email: status async for email, status in _everybody(api, job, body)}
    why |= {email: status for email, status in statuses.items() if status}
    return warmup_report(job, warmed=len(statuses.keys() - why.keys()), why=why)


def failures(job: Job) -> dict[str, str]:
    """What the job itself says of accounts that failed, by address."""
    return {str(row.get("email")): str(row["error"]) for row in _rows(job) if row.get("error")}


def _rows(job: Job) -> list[Mapping[str, Any]]:
    """What the job says account by account."""
    processed = job.data.get("processed_emails")
    return [row for row in processed if isinstance(row, Mapping)] if isinstance(processed, list) else []


def warmup_report(job: Job, *, warmed: int, why: Mapping[str, str]) -> WarmupReport:
    """`succeeded` where every account warms up, `short` where some do not, `failed` where none does."""
    if job.status != "success":
        outcome = Outcome.CANCELLED if job.status == "cancelled" else Outcome.FAILED
    elif why:
        outcome = Outcome.SHORT if warmed else Outcome.FAILED
    else:
        outcome = Outcome.SUCCEEDED
    told = {job.id: job.error or f"the job is {job.status}"} if job.status != "success" else {}
    return WarmupReport(outcome=outcome, job_id=job.id, warmed=warmed, not_warmed=tuple(why), why={**told, **why})


async def _status(api: Instantly, email: str) -> str | None:
    """Why an account does not warm up; None where it does."""
    try:
        return _reason(await api.get_account(email))
    except NotFound:
        return "account not found"
    except ApiError as error:
        return f"not known: {error}"


async def _everybody(api: Instantly, job: Job, body: Mapping[str, Any]) -> AsyncIterator[tuple[str, str | None]]:
    """All accounts that a request for all of them meant: only the processed ones where it was narrowed."""
    narrowed = body.get("filter") or body.get("search")
    told = narrowed and isinstance(job.data.get("processed_emails"), list)
    meant = {str(row.get("email")).lower() for row in _rows(job)} if told else None
    left_alone = {email.lower() for email in body.get("excluded_emails") or ()}
    cursor: str | None = None
    while True:
        params = {"limit": str(PAGE)} | ({"starting_after": cursor} if cursor else {})
        page = await api.list_accounts(**params)
        for account in page.items:
            email = str(account.get("email"))
            if email.lower() not in left_alone and (meant is None or email.lower() in meant):
                yield email, _reason(account)
        if not page.items or page.cursor in {None, cursor}:
            return
        cursor = page.cursor


def _reason(account: Mapping[str, Any]) -> str | None:
    status = account.get("warmup_status")
    if status == ACTIVE:
        return None
    return next((words for known, words in STATUS.items() if status == known), f"warmup_status is {status}")
