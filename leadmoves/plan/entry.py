"""One entry of a plan: a move, how long it is watched, what is expected of it and what follows."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, StrictBool, StringConstraints
from pydantic_core import PydanticCustomError

from leadmoves.plan.filters import NotNegative
from leadmoves.plan.moves import Limit, MoveRequest, selects
from leadmoves.plan.refusal import Contradiction, Input, optional, shown
from leadmoves.plan.warmup import WarmupRequest

LONGEST_NAME = 100  # a line of a table
SHORTEST, LONGEST = timedelta(seconds=1), timedelta(hours=24)  # a look or two; a night and a day
_BLOCK_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")  # Prefect's own rule for slugs and names


def _printable(name: str) -> str:
    if name.isprintable():
        return name
    raise PydanticCustomError("name", f"must be printable and on one line, not {shown(name)}")


def _duration(given: object) -> object:
    """ISO 8601 only: 30 might be seconds or minutes, and 30:00 hours."""
    if isinstance(given, timedelta) or (isinstance(given, str) and given.startswith(("P", "-P"))):
        return given
    raise PydanticCustomError("duration", f"must be a duration such as PT30M (30 minutes), not {shown(given)}")


def _bounded(deadline: timedelta) -> timedelta:
    if SHORTEST <= deadline <= LONGEST:
        return deadline
    raise PydanticCustomError("duration", "must be between PT1S (a second) and PT24H (a day)")


Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_NAME),
    AfterValidator(_printable),
]
Deadline = Annotated[timedelta, BeforeValidator(_duration), AfterValidator(_bounded)]


def _block_name(name: str) -> str:
    slug, slash, block = name.partition("/")
    if slash and all(part and set(part) <= _BLOCK_LETTERS for part in (slug, block)):
        return name
    raise PydanticCustomError(
        "block", f"must be a Prefect block, type-slug/name as in slack-webhook/ops, not {shown(name)}"
    )


BlockName = Annotated[str, AfterValidator(_block_name)]


class Expect(Input):
    """How many leads the move should take; outside of that it is held back or told as short."""

    at_least: NotNegative | None = optional("At least", "Fewer moved leads are told as short.", 1)
    at_most: Limit | None = optional("At most", "If more leads would be moved, nothing is sent.", 500)

    @classmethod
    def contradictions(cls, given: Mapping[str, Any]) -> Iterator[Contradiction]:
        if _less(given.get("at_most"), given.get("at_least")):
            yield ("at_most",), f"is less than at_least ({given['at_least']}); no number of leads is both"


def _less(one: object, other: object) -> bool:
    return isinstance(one, int) and isinstance(other, int) and one < other


class OnSuccess(Input):
    """What follows a move that succeeded."""

    enable_warmup: WarmupRequest = Field(title="Enable warmup", description="Warm up these accounts.")


class Move(Input):
    """One move of a plan: the request, and how it is watched."""

    name: Name = Field(
        title="Name", description="What lists and messages call this move.", examples=["eu-google-top-up"]
    )
    request: MoveRequest = Field(title="Request", description="Which leads go where.")
    whole_source: StrictBool = Field(
        default=False, title="Whole source", description="Only to move every lead: nothing narrows the request."
    )
    contacts_file: Path | None = optional(
        "Contacts file", "A CSV with a column email; cut into requests of 1,000 contacts.", "leads.csv"
    )
    expect: Expect | None = optional("Expect", "How many leads it should take.")
    deadline: Deadline = Field(
        default=timedelta(minutes=30),
        title="Deadline",
        description="How long to watch, such as PT30M.",
        examples=["PT30M"],
    )
    on_success: OnSuccess | None = optional("On success", "What follows.")
    notify: tuple[BlockName, ...] = Field(
        default=(),
        title="Notify",
        description="Prefect notification blocks, told of every outcome but succeeded.",
        examples=[["slack-webhook/ops"]],
    )

    @classmethod
    def contradictions(cls, given: Mapping[str, Any]) -> Iterator[Contradiction]:
        request = MoveRequest.meant(given.get("request"))
        expect = Expect.meant(given.get("expect"))
        bounded = selects(request) or "limit" in request or "contacts_file" in given
        if request and not bounded and given.get("whole_source") is not True:
            yield (
                ("whole_source",),
                "the request would move every lead of its source; narrow it, or say true here",
            )
        if "contacts_file" in given and "contacts" in request:
            yield ("contacts_file",), "request.contacts is given as well; keep one of the two"
        if _less(request.get("limit"), expect.get("at_least")):
            yield ("expect", "at_least"), f"is more than request.limit ({request['limit']}) lets through"
        if _less(expect.get("at_most"), request.get("limit")):
            yield ("expect", "at_most"), f"is less than request.limit ({request['limit']}); make them equal"
