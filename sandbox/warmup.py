"""POST /accounts/warmup/enable and /disable: a job that ends `success` even where accounts failed (recorded).

Guesses, since nothing is documented: a warm account counts as done; a banned or suspended one fails; a body that
names nobody is accepted and warms nobody.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sandbox.checks import WARMUP_FIELDS, Refusal, at_most, check
from sandbox.jobs import PENDING_SECONDS, Job, Life, Script

if TYPE_CHECKING:
    from sandbox.app import Sandbox
    from sandbox.workspace import Account

EMAILS_MAX = 100  # documented for emails and excluded_emails
SECONDS_AN_ACCOUNT = 0.05  # recorded: 0.05-0.2 s for none or one
BUSY = "There is already a warmup update job in progress"  # its words are a guess
ACCOUNT_FILTERS: Mapping[str, Callable[["Account"], bool]] = {
    "ACC_FILTER_PAUSED": lambda account: account.status in (2, 3),
    "ACC_FILTER_ERROR": lambda account: account.status < 0,
    "ACC_FILTER_NO_CTD": lambda account: not account.settings.get("tracking_domain_name"),
    "ACC_FILTER_PW_ACCOUNTS": lambda _: False,  # nobody here is pre-warmed or done-for-you
    "ACC_FILTER_DFY": lambda _: False,
    "ACC_FILTER_DFY_SETUP_PENDING": lambda _: False,
    "ACC_FILTER_W_ACTIVE": lambda account: account.warmup_status == 1,
    "ACC_FILTER_W_PAUSED": lambda account: account.warmup_status == 0,
    "ACC_FILTER_W_ERROR": lambda account: account.warmup_status < 0,
}


def submit_warmup(sandbox: "Sandbox", body: dict[str, Any], script: Script, *, enable: bool) -> Job:
    """The job that a warmup becomes, or the API's refusal."""
    check(body, WARMUP_FIELDS)
    for name in ("emails", "excluded_emails"):
        at_most(body, name, EMAILS_MAX)
    now = sandbox.now()
    if next(sandbox.jobs.running("update-warmup-accounts", now), None) is not None:
        raise Refusal(409, BUSY)
    emails = _chosen(sandbox, body)
    life = Life(now, now + PENDING_SECONDS, script=script, progress=script.progress or sandbox.settings.progress)
    seconds = SECONDS_AN_ACCOUNT * (1 + len(emails)) if script.duration is None else script.duration
    filters = _echo(body)
    job = Job(
        id=sandbox.jobs.new_id(now),
        type="update-warmup-accounts",
        entity_type="workspace",
        entity_id=sandbox.workspace.id,
        life=replace(life, work=max(0.0, seconds - PENDING_SECONDS)),
        filters=filters,
        data={"filters": filters, "warmup_status": int(enable), "total_to_process": len(emails)},
    )
    sandbox.jobs.plan(job.life.ended, lambda when: _end(sandbox, job, emails, when))
    return sandbox.jobs.add(job)


def _echo(body: Mapping[str, Any]) -> dict[str, Any]:
    """The request as the job shows it: in camelCase (recorded)."""
    return {
        "emails": body.get("emails") or [],
        "includeAllEmails": bool(body.get("include_all_emails")),
        "excludedEmails": body.get("excluded_emails") or [],
        "filter": body.get("filter"),
        "search": body.get("search"),
    }


def _nobody_left_out(_: "Account") -> bool:
    return True


def _chosen(sandbox: "Sandbox", body: Mapping[str, Any]) -> list[str]:
    if not body.get("include_all_emails"):
        return list(dict.fromkeys(body.get("emails") or ()))
    excluded = {email.lower() for email in body.get("excluded_emails") or ()}
    wanted = ACCOUNT_FILTERS.get(str((body.get("filter") or {}).get("filter")), _nobody_left_out)
    return [
        account.email
        for key, account in sandbox.workspace.accounts.items()
        if key not in excluded and wanted(account) and str(body.get("search") or "").lower() in key
    ]


def _end(sandbox: "Sandbox", job: Job, emails: list[str], when: float) -> None:
    script = job.life.script
    enable = job.data["warmup_status"] == 1
    if script.outcome == "moves-nothing":
        emails = []
    elif script.ends_as != "success":
        emails = emails[: int(len(emails) * script.share)]
    rows = [_switch(sandbox, email, when, enable=enable) for email in emails]
    failed = sum(1 for row in rows if row["error"])
    job.result = {
        "step": "DONE",
        "pending_emails": [],
        "processed_emails": rows,
        "transition_emails": [],
        "domains_to_check": [],
        "valid_mx_domains": [],
        "success_count": len(rows) - failed,
        "failed_count": failed,
    }


def _switch(sandbox: "Sandbox", email: str, when: float, *, enable: bool) -> dict[str, Any]:
    account = sandbox.workspace.accounts.get(email.lower())
    if account is None:
        return {"email": email, "status": "failed", "error": "Account not found"}
    if account.warmup_status < 0:
        return {"email": email, "status": "failed", "error": "Account warmup is banned or suspended"}
    if enable and account.warmup_status == 0:
        account.warmup_started = when
    account.warmup_status, account.updated = int(enable), when
    return {"email": email, "status": "success", "error": None}
