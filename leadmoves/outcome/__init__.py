"""How a move ended: its outcome, the report of it, and the words for people."""
