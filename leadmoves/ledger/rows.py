"""A row of the ledger: the whole story of one move, and what its state allows next."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from leadmoves.jobs import Outcome
from leadmoves.ledger.baseline import Baseline
from leadmoves.ledger.intents import Intent, Kind


class State(StrEnum):
    """How far a move has come. Only `SENDING` leaves a doubt after a crash."""

    INTENDED = "intended"  # nothing was accepted, for certain
    SENDING = "sending"  # a POST may have left
    ACCEPTED = "accepted"  # the job is known
    IN_DOUBT = "in-doubt"  # several jobs may be ours; a person decides
    ENDED = "ended"  # the outcome is known


# No job is known yet, and no person has to decide.
OPEN = (State.INTENDED, State.SENDING)
# What a later look may still change.
UNENDED = (*OPEN, State.ACCEPTED, State.IN_DOUBT)
# Ends that claim that no job was started.
NEVER_ACCEPTED = (Outcome.REFUSED, Outcome.NOT_SENT)
# What a row says from the first byte on, once its job is known, and when it is asked for again.
SENDING = {"state": State.SENDING, "outcome": None, "reason": None, "candidates": None}
SETTLED = {"state": State.ACCEPTED, "outcome": None, "reason": None, "candidates": None}
REOPENED = dict.fromkeys(("outcome", "reason", "candidates", "report", "ended_at", "told_at")) | {
    "state": State.INTENDED
}


@dataclass(frozen=True)
class Row:
    """One row; the columns are described in `tables`."""

    key: str
    kind: Kind
    name: str
    occasion: str
    fingerprint: str
    body: Mapping[str, Any]
    options: Mapping[str, Any]
    source: str | None
    resources: tuple[str, ...]
    parent: str | None
    flow_run: str | None
    state: State
    posts: int
    unsettled: int
    baseline: Baseline | None
    sent_at: float | None
    owner: str | None
    lease_until: float
    job_id: str | None
    adopted: bool
    candidates: tuple[str, ...]
    outcome: Outcome | None
    reason: str | None
    report: Mapping[str, Any] | None
    created_at: float
    updated_at: float
    ended_at: float | None
    told_at: float | None

    @property
    def finished(self) -> bool:
        """The outcome is known and a person was told: nothing is left to do."""
        return self.state is State.ENDED and self.told_at is not None

    @property
    def repeatable(self) -> bool:
        """Ended without anything accepted: the same key may be sent again when a person asks for it."""
        return self.state is State.ENDED and self.outcome in NEVER_ACCEPTED


def row_of(columns: Mapping[str, Any]) -> Row:
    """A row from what the database gives."""
    return Row(
        **{
            **columns,
            "kind": Kind(columns["kind"]),
            "state": State(columns["state"]),
            "resources": tuple(columns["resources"]),
            "baseline": Baseline.model_validate(columns["baseline"]) if columns["baseline"] else None,
            "candidates": tuple(columns["candidates"] or ()),
            "outcome": Outcome(columns["outcome"]) if columns["outcome"] else None,
        }
    )


def columns_of(intent: Intent, owner: str, now: float, lease: float) -> dict[str, Any]:
    """What the database gets of a fresh intent."""
    return {
        "key": intent.key,
        "kind": intent.kind,
        "name": intent.name,
        "occasion": intent.occasion,
        "fingerprint": intent.fingerprint,
        "body": dict(intent.body),
        "options": dict(intent.options),
        "source": intent.source,
        "resources": list(intent.resources),
        "parent": intent.parent,
        "flow_run": intent.flow_run,
        "state": State.INTENDED,
        "owner": owner,
        "lease_until": now + lease,
        "created_at": now,
        "updated_at": now,
    }
