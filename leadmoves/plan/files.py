"""A plan file read, checked, cut into chunks.

    text ─► document (values, lines) ─► contacts files ─► models ─► moves of at most 1,000 contacts each

Every problem of a plan is told at once, with the line of its key.
"""

import logging
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Field, StrictBool, ValidationError
from pydantic_core import PydanticCustomError

from leadmoves.errors import InvalidInput, Problem
from leadmoves.plan.contacts import Contacts, read_contacts
from leadmoves.plan.document import read_document
from leadmoves.plan.entry import LONGEST_NAME, Expect, Move, OnSuccess
from leadmoves.plan.moves import MoveRequest
from leadmoves.plan.refusal import Contradiction, Input, LineOf, checked, field_path, problems_of, shown

__all__ = ["Expect", "Move", "OnSuccess", "Plan", "check_plan", "parse_plan", "read_plan"]

CONTACTS_A_REQUEST = 1_000  # leads/add, the nearest neighbour with a documented bound, takes so many
MOST_MOVES = 100_000  # a day's work of the API at one move a second; more is a mistake in a generator
LARGEST = 64 * 2**20  # bytes: 100,000 moves of 600 bytes

log = logging.getLogger(__name__)


def _some_but_not_too_many(moves: object) -> object:
    """Looked at before any move is: a huge plan is refused at once."""
    if not isinstance(moves, list | tuple) or 1 <= len(moves) <= MOST_MOVES:
        return moves
    said = (
        f"{len(moves):,} moves; a plan holds at most {MOST_MOVES:,}, split it"
        if moves
        else "no move; add at least one"
    )
    raise PydanticCustomError("moves", said)


class Plan(Input):
    """Moves to make."""

    model_config = ConfigDict(title="Plan")

    moves: Annotated[tuple[Move, ...], Field(min_length=1), BeforeValidator(_some_but_not_too_many)] = Field(
        title="Moves", description="At least one."
    )
    stop_on_failure: StrictBool = Field(
        default=False, title="Stop on failure", description="Send no further move after one that did not succeed."
    )

    @classmethod
    def contradictions(cls, given: Mapping[str, Any]) -> Iterator[Contradiction]:
        first: dict[str, int] = {}
        for index, move in _moves_of(given):
            name = str(move.get("name", "")).strip()
            if name and first.setdefault(name, index) != index:
                yield ("moves", index, "name"), f"{shown(name)} is also moves[{first[name]}]; names are unique"


def _moves_of(given: Mapping[str, Any]) -> Iterator[tuple[int, dict[str, Any]]]:
    moves = given.get("moves")
    if isinstance(moves, list | tuple) and len(moves) <= MOST_MOVES:
        yield from ((index, Move.meant(move)) for index, move in enumerate(moves))


def read_plan(path: Path | str) -> Plan:
    """The plan in that file; paths in it count from its folder."""
    path = Path(path)
    try:
        if path.stat().st_size > LARGEST:
            raise InvalidInput(Problem(str(path), f"is larger than {LARGEST // 2**20} MB; split the plan"))
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InvalidInput(Problem(str(path), f"cannot be read: {error.strerror}")) from None
    except UnicodeDecodeError:
        raise InvalidInput(Problem(str(path), "is no UTF-8 text; save it as UTF-8")) from None
    return parse_plan(text, folder=path.parent, name=path.name)


def parse_plan(text: str, *, folder: Path, name: str) -> Plan:
    document = read_document(text.removeprefix("\ufeff"), name)
    if document.values is None:
        raise InvalidInput(Problem(name, "is empty; a plan starts with moves:"))
    return _checked_plan(document.values, folder, document.line_of, document.problems)


def check_plan(given: object, *, folder: Path = Path()) -> Plan:
    """A plan that was parsed elsewhere, e.g. a flow's parameter. A plan read here passes unchanged."""
    return _checked_plan(given, folder)


def _checked_plan(
    given: object, folder: Path, line_of: LineOf | None = None, twice: tuple[Problem, ...] = ()
) -> Plan:
    contacts, refused = _contacts_of(Plan.meant(given), folder)
    problems = [*twice]
    problems += [Problem(field_path(loc), said, line_of(loc) if line_of else None) for loc, said in refused]
    try:
        plan = Plan.model_validate(given)
    except ValidationError as error:
        problems += problems_of(error, line_of)
    if problems:
        raise InvalidInput(*sorted(problems, key=lambda problem: problem.line or 0))
    return _cut(plan, contacts) if contacts else plan


def _contacts_of(given: Mapping[str, Any], folder: Path) -> tuple[dict[int, Contacts], list[Contradiction]]:
    """The contacts of each move that names a file, and what is wrong with those files."""
    read = cache(read_contacts)  # many moves may share a file
    contacts: dict[int, Contacts] = {}
    refused: list[Contradiction] = []
    for index, move in _moves_of(given):
        file = move.get("contacts_file")
        if not isinstance(file, str | Path):
            continue
        try:
            contacts[index] = read(folder / file)
        except InvalidInput as error:
            refused += [(("moves", index, each.field), each.message) for each in error.problems]
        else:
            parts = len(_parts(contacts[index]))
            refused += [(("moves", index, *loc), said) for loc, said in _uncuttable(move, parts)]
    return contacts, refused


def _parts(contacts: Contacts) -> list[tuple[str, ...]]:
    cuts = range(0, len(contacts.addresses), CONTACTS_A_REQUEST)
    return [contacts.addresses[at : at + CONTACTS_A_REQUEST] for at in cuts]


def _uncuttable(move: Mapping[str, Any], parts: int) -> Iterator[Contradiction]:
    """What is said of one request and cannot be shared out among several."""
    if parts == 1:
        return
    several = f"cannot be shared out: contacts_file makes {parts:,} requests; drop it, or split the file"
    if "limit" in MoveRequest.meant(move.get("request")):
        yield ("request", "limit"), several
    for bound in Expect.meant(move.get("expect")):
        yield ("expect", bound), several
    if len(_part_name(str(move.get("name", "")).strip(), parts, parts)) > LONGEST_NAME:
        yield ("name",), f"is too long; with its number ([{parts}/{parts}]) at most {LONGEST_NAME} characters"


def _part_name(name: str, number: int, parts: int) -> str:
    return name if parts == 1 else f"{name} [{number}/{parts}]"


def _cut(plan: Plan, contacts: Mapping[int, Contacts]) -> Plan:
    moves: list[Move] = []
    for index, move in enumerate(plan.moves):
        moves += _chunks(move, contacts[index]) if index in contacts else [move]
    return checked(Plan, {"moves": moves, "stop_on_failure": plan.stop_on_failure})


def _chunks(move: Move, contacts: Contacts) -> Iterator[Move]:
    """One move for each 1,000 contacts, in the order of the file."""
    if contacts.repeats:
        log.info("%s: %d repeated addresses left out", move.contacts_file, contacts.repeats)
    parts = _parts(contacts)
    for number, part in enumerate(parts, 1):
        request = move.request.model_copy(update={"contacts": part})
        name = _part_name(move.name, number, len(parts))
        yield move.model_copy(update={"name": name, "request": request, "contacts_file": None})
