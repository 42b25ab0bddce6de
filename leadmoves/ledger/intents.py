"""What we mean to send, and its key.

key = name + fingerprint of the canonical body + occasion

The same key again resumes and never sends twice; the same move next week has another occasion, so another key.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

# 80 bits: a chance of 1 in 10¹² that two of a million moves share a key.
KEY_LENGTH = 20


class Kind(StrEnum):
    """Which endpoint starts the job."""

    MOVE = "move"
    WARMUP = "warmup"


@dataclass(frozen=True)
class Intent:
    """One job that we mean to start, once.

    Attributes:
        body: sent as it is.
        source: the id that the API shows as the job's `entity_id`, None where it is the workspace.
        resources: ids of which only one writer at a time is let in: source and destination.
        options: what a later process needs to finish it: expectations, deadline, warmup, notifications.
        parent: the key of the move whose success asked for this warmup.

    """

    kind: Kind
    name: str
    occasion: str
    fingerprint: str
    body: Mapping[str, Any]
    source: str | None = None
    resources: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    parent: str | None = None
    flow_run: str | None = None

    @property
    def key(self) -> str:
        return key_of(self.name, self.fingerprint, self.occasion)


def key_of(name: str, fingerprint: str, occasion: str) -> str:
    """The key of a move: 20 hex digits."""
    parts = f"{name}\x1f{fingerprint}\x1f{occasion}"  # a separator that no name can hold
    return hashlib.sha256(parts.encode()).hexdigest()[:KEY_LENGTH]
