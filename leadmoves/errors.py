"""What can go wrong, one tree.

LeadMoveError
├── InvalidInput            refused before anything was sent: names each field, says what to do
├── ApiError                a request to the API failed: endpoint, status, message, never the key
│   ├── NotSent             no connection, DNS, TLS, pool: the server never saw it; may be sent again
│   ├── Refused             4xx: the server said no; nothing was done
│   │   ├── Throttled       429, with the wait that it asked for
│   │   ├── Busy            409: another job holds this campaign, list or account
│   │   └── NotFound        404
│   └── Ambiguous           sent, and nobody knows: timeout after connect, reset, any 5xx
│       └── UnreadableAnswer   an answer that is no JSON, half of it, or has no id
└── LedgerError             the ledger cannot be read or written; nothing was sent
    ├── LedgerTooNew        written by a newer version of this tool
    └── LeaseLost           another owner took this move over

How a job ended is not an error but a value: see `jobs.Outcome`.
"""

from dataclasses import dataclass


class LeadMoveError(Exception):
    """Everything that this project raises on purpose."""


@dataclass(frozen=True)
class Problem:
    """One thing wrong with the input: where, what, and (in a plan file) on which line."""

    field: str
    message: str
    line: int | None = None

    def __str__(self) -> str:
        place = f"line {self.line}: " if self.line else ""
        return f"{place}{self.field}: {self.message}"


class InvalidInput(LeadMoveError):
    """The input was refused and nothing was sent. All problems at once, each naming its field."""

    def __init__(self, *problems: Problem) -> None:
        self.problems = problems
        super().__init__("\n".join(map(str, problems)))


class ApiError(LeadMoveError):
    """A request failed.

    Attributes:
        endpoint: method and path, e.g. ``POST /api/v2/leads/move``.
        status: the HTTP status, None where no answer came.
        message: the server's own words, or what the transport said.

    """

    def __init__(self, endpoint: str, message: str, status: int | None = None) -> None:
        self.endpoint = endpoint
        self.message = message
        self.status = status
        said = f"{status} {message}" if status else message
        super().__init__(f"{endpoint}: {said}")


class NotSent(ApiError):
    """The server never saw the request; it may be sent again."""


class Refused(ApiError):
    """The server said no (4xx); nothing was done."""


class Throttled(Refused):
    """429: refused before any work. `wait` is what ``Retry-After`` asked for, in seconds, if anything."""

    def __init__(self, endpoint: str, message: str, wait: float | None = None) -> None:
        super().__init__(endpoint, message, 429)
        self.wait = wait


class Busy(Refused):
    """409: a running job holds this campaign, list or account."""


class NotFound(Refused):
    """404: no such thing, or not yet: a job may be unknown for a moment after its submit."""


class Ambiguous(ApiError):
    """Sent, and nobody knows whether it was accepted. Never sent again before a look at the job list."""


class UnreadableAnswer(Ambiguous):
    """An answer came but says nothing: no JSON, half of it, or a job without an id."""


class LedgerError(LeadMoveError):
    """The ledger cannot be read or written. Nothing was sent."""


class LedgerTooNew(LedgerError):
    """A newer version of this tool wrote the ledger."""


class LeaseLost(LedgerError):
    """Another owner took this move over; this one must not write any more."""
