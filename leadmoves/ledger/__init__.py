"""What we meant to send, written before sending: the memory that outlives a crash."""

from leadmoves.ledger.intents import Intent, Kind, key_of
from leadmoves.ledger.rows import Row, State
from leadmoves.ledger.store import Ledger

__all__ = ["Intent", "Kind", "Ledger", "Row", "State", "key_of"]
