"""What is said of a move in words: what moved from where to where, what was left out and why, what to do next."""

from collections.abc import Mapping
from typing import Any

from leadmoves.jobs import Outcome
from leadmoves.ledger import Row
from leadmoves.outcome.report import MoveReport, WarmupReport

WORDS = {
    "duplicated_leads": "duplicates",
    "leads_in_other_campaigns": "in other campaigns",
    "ignored_leads_from_blocklist": "on the block list",
    "leads_missing_email": "without an e-mail address",
}
# What a person can do about each outcome; KEY is the move's.
NEXT = {
    Outcome.NOTHING_MOVED: "Check the filter and the source: the selection may be empty or all duplicates.",
    Outcome.SHORT: "Check what was left out above; move the rest with a new occasion.",
    Outcome.FAILED: "Look at the job in Instantly; moving again needs a new occasion.",
    Outcome.CANCELLED: "Somebody cancelled the job in Instantly; moving again needs a new occasion.",
    Outcome.STALLED: "The job may go on by itself: lead-moves resume KEY looks at it again.",
    Outcome.STILL_RUNNING: "The job goes on by itself: lead-moves resume KEY waits for it.",
    Outcome.IN_DOUBT: (
        "lead-moves status KEY shows what each candidate moved; then decide: lead-moves resume KEY --adopt JOB, "
        "or --send-again. Nothing is sent before."
    ),
    Outcome.REFUSED: "Nothing moved. Mend what the API says, then run it again.",
    Outcome.NOT_SENT: "Nothing moved. Run it again when the reason is gone.",
}


def advice(outcome: Outcome, key: str) -> str:
    """What a person can do next, ready to be typed; empty where there is nothing to do."""
    return NEXT.get(outcome, "").replace("KEY", key)


def counted(report: MoveReport) -> str:
    """E.g. «488 of 500 leads, 12 left out (12 duplicates)»."""
    if report.moved_leads is None:
        return report.outcome
    total = f" of {report.total_leads:,}" if report.total_leads is not None else ""
    left = {WORDS[name]: count for name, count in report.left_out.items() if count}
    why = ", ".join(f"{count:,} {word}" for word, count in left.items())
    return f"{report.moved_leads:,}{total} leads" + (f", {sum(left.values()):,} left out ({why})" if left else "")


def subject(report: MoveReport) -> str:
    """One line for a notification."""
    if report.outcome is Outcome.SUCCEEDED:
        return (
            f"Lead move {report.name}: moved, but warmup {report.warmup.outcome if report.warmup else ''}".rstrip()
        )
    return f"Lead move {report.name}: {report.outcome}"


def message(report: MoveReport, row: Row, link: str | None = None) -> str:
    """The text of a notification."""
    source, destination = (f"{kind} {place}" for kind, place in places(row.body))
    lines = [
        f"{counted(report)}: from {source} to {destination}.",
        f"Why: {report.reason}." if report.reason else "",
        f"Jobs: {', '.join(report.job_ids or report.candidates)}." if report.job_ids or report.candidates else "",
        _warmup(report.warmup) if report.warmup else "",
        advice(report.outcome, report.key),
        f"Key: {report.key}." + (f" Run: {link}" if link else ""),
    ]
    return "\n".join(filter(None, lines))


def places(body: Mapping[str, Any]) -> tuple[tuple[str, str], tuple[str, str]]:
    """Source and destination of a move: `campaign` or `list`, and its id."""
    source = ("campaign", body["campaign"]) if body.get("campaign") else ("list", str(body.get("list_id")))
    to = body.get("to_campaign_id")
    return source, ("campaign", to) if to else ("list", str(body.get("to_list_id")))


def _warmup(warmup: WarmupReport) -> str:
    why = "; ".join(f"{who}: {reason}" for who, reason in warmup.why.items())
    return f"Warmup {warmup.outcome}: {warmup.warmed} accounts warm" + (f"; not warm: {why}." if why else ".")
