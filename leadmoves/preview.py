"""What a move would take, counted without moving anything.

There is no count endpoint: leads are listed page by page, a hundred a request, up to a cap. `/leads/list` knows
fewer filters than `/leads/move`, so a preview may be a bound; it says which fields it could not apply.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from leadmoves.api import PAGE, Instantly

# Selectors that both endpoints know (the vendor's description of POST /leads/list).
SHARED = (
    "search",
    "filter",
    "campaign",
    "list_id",
    "in_campaign",
    "in_list",
    "ids",
    "queries",
    "excluded_ids",
    "contacts",
    "esg_code",
)
# A lead carries these, so they are compared here.
LOCAL = ("esp_code",)
# This takes leads that a list of leads does not show: with it, no count is an upper bound.
WIDENS = "ignore_resource_filter_clauses"
# These leave leads out while the job runs; nothing tells beforehand how many.
UNSEEN = (
    WIDENS,
    "check_duplicates",
    "check_duplicates_in_campaigns",
    "skip_leads_in_verification",
)
CAP = 10_000  # leads: 100 requests


@dataclass(frozen=True)
class Preview:
    """How many leads a move would take.

    Attributes:
        leads: counted, at most `limit` of the request.
        more: there are more than were counted («at least»).
        inexact: fields that could not be applied; they make the count an upper bound, `WIDENS` a lower one.

    """

    leads: int
    more: bool
    inexact: tuple[str, ...]

    def __str__(self) -> str:
        bound = "at least " if self.more or WIDENS in self.inexact else "at most " if self.inexact else ""
        return f"{bound}{self.leads} leads"


async def preview(api: Instantly, body: Mapping[str, Any], cap: int = CAP) -> Preview:
    """Count what a move body selects, up to a cap of leads."""
    limit = int(body.get("limit") or cap + 1)
    asked = {name: body[name] for name in SHARED if name in body}
    counted, cursor = 0, None
    while counted < limit and counted <= cap:
        page = await api.list_leads(asked | {"limit": PAGE} | ({"starting_after": cursor} if cursor else {}))
        counted += sum(_kept(lead, body) for lead in page.items)
        if not page.items or page.cursor in {None, cursor}:
            break
        cursor = page.cursor
    inexact = tuple(name for name in UNSEEN if body.get(name))
    return Preview(min(counted, limit, cap), more=counted > cap and limit > cap, inexact=inexact)


def _kept(lead: Mapping[str, Any], body: Mapping[str, Any]) -> bool:
    return all(lead.get(name) == body[name] for name in LOCAL if name in body)


def bounded_by(body: Mapping[str, Any]) -> int | None:
    """How many leads a body can take at most, by itself; None where it names no bound."""
    bounds = [int(body["limit"])] if body.get("limit") else []
    bounds += [len(body[name]) for name in ("ids",) if body.get(name)]
    return min(bounds, default=None)


async def held_back(api: Instantly, body: Mapping[str, Any], at_most: int | None) -> str | None:
    """Why a move must not be sent: it would take more leads than expected. None where it may."""
    bound = bounded_by(body)
    if at_most is None or (bound is not None and bound <= at_most):
        return None
    if body.get(WIDENS):
        return (
            f"{WIDENS} takes leads that cannot be counted, at most {at_most} expected: set limit; nothing was sent"
        )
    seen = await preview(api, body, cap=at_most)
    return f"would move more than the {at_most} leads expected at most; nothing was sent" if seen.more else None
