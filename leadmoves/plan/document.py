"""A YAML or JSON text, read with the line of every key and without YAML's traps.

It is read from the parser's events, not from composed nodes: six times as fast, and the C composer recurses
without a bound, so that a file of `[[[[…` would kill the process. Plain words are read as in JSON, plus yes
and no: a date, 1:30 or 0100 stays the text that was written.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NoReturn

import yaml

from leadmoves.errors import InvalidInput, Problem
from leadmoves.plan.refusal import Loc, field_path

DEEPEST = 20  # a plan needs 9 levels
MOST_VALUES = 5_000_000  # a plan of 100,000 moves has two million; what aliases repeat counts each time

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml where PyYAML was built with it
_TRUTH = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})")


@dataclass(frozen=True)
class Document:
    """What a text says, where each key stands, and the keys that were given twice."""

    values: object
    lines: Callable[[], Mapping[Loc, int]]
    problems: tuple[Problem, ...] = ()

    def line_of(self, loc: Loc) -> int | None:
        """The line of that key, or of the nearest thing around it."""
        lines = self.lines()
        return next((lines[loc[:depth]] for depth in range(len(loc), -1, -1) if loc[:depth] in lines), None)


def read_document(text: str, name: str) -> Document:
    """`name` is what messages call the text, e.g. the file's name."""
    if text.lstrip().startswith("{"):
        try:
            return Document(json.loads(text, object_pairs_hook=_without_twins), cache(lambda: _lines(text)))
        except (ValueError, RecursionError):
            pass  # YAML reads it too, and knows the line of what is wrong
    reader = _Reader(text, name)
    return Document(reader.read(), lambda: reader.lines, tuple(reader.problems))


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(found := dict(pairs)) < len(pairs):
        raise ValueError
    return found


def _lines(text: str) -> Mapping[Loc, int]:
    """The lines of a JSON text, wanted only where it has problems."""
    reader = _Reader(text, "")
    with suppress(InvalidInput):  # JSON that YAML cannot read, such as a surrogate pair: the lines up to there
        reader.read()
    return reader.lines


@dataclass
class _Reader:
    text: str
    name: str
    lines: dict[Loc, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    anchors: dict[str, tuple[object, int]] = field(default_factory=dict)
    weight: int = 0

    def read(self) -> object:
        try:
            self.events: Iterator[Any] = yaml.parse(self.text, _LOADER)
            return self._document()
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = mark.line + 1 if mark else None
            hint = "; indent with spaces, not tabs" if "cannot start any token" in str(error.problem) else ""
            self._refuse(f"is no valid YAML: {error.problem}{hint}", line)
        except yaml.reader.ReaderError as error:
            line = self.text.encode()[: error.position].count(b"\n") + 1
            self._refuse("holds a character that YAML forbids; remove it", line)
        except UnicodeEncodeError as error:
            self._refuse("holds half a character; save it as UTF-8", self.text.count("\n", 0, error.start) + 1)

    def _document(self) -> object:
        next(self.events)  # the stream's start
        if isinstance(next(self.events), yaml.StreamEndEvent):
            return None
        value = self._value(next(self.events), ())
        next(self.events)  # the document's end
        if not isinstance(following := next(self.events), yaml.StreamEndEvent):
            self._refuse("holds a second document; a plan is one", following.start_mark.line + 1)
        return value

    def _refuse(self, message: str, line: int | None) -> NoReturn:
        raise InvalidInput(Problem(self.name, message, line)) from None

    def _value(self, event: Any, loc: Loc) -> object:
        before = self.weight
        self._weigh(1, event, loc)
        kind = type(event)
        value: object
        if kind is yaml.ScalarEvent:
            value = _scalar(event)
        elif kind is yaml.MappingStartEvent:
            value = self._mapping(loc)
        elif kind is yaml.SequenceStartEvent:
            value = self._sequence(loc)
        else:
            return self._alias(event, loc)
        if event.anchor:
            self.anchors[event.anchor] = value, self.weight - before
        return value

    def _alias(self, event: Any, loc: Loc) -> object:
        if event.anchor not in self.anchors:
            self._refuse(f"*{event.anchor} stands for nothing above it", event.start_mark.line + 1)
        value, weight = self.anchors[event.anchor]
        self._weigh(weight, event, loc)
        return value

    def _weigh(self, weight: int, event: Any, loc: Loc) -> None:
        self.weight += weight
        if self.weight > MOST_VALUES or len(loc) > DEEPEST:
            much = "goes deeper than" if len(loc) > DEEPEST else "holds more values than"
            self._refuse(f"{much} any plan; split it, and repeat less by aliases", event.start_mark.line + 1)

    def _sequence(self, loc: Loc) -> list[object]:
        found: list[object] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            at = (*loc, len(found))
            self.lines[at] = event.start_mark.line + 1
            found.append(self._value(event, at))
        return found

    def _mapping(self, loc: Loc) -> dict[str, object]:
        found: dict[str, object] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            line = event.start_mark.line + 1
            if not isinstance(event, yaml.ScalarEvent):
                self._refuse("a key must be plain text", line)
            at = (*loc, event.value)
            if event.value in found:
                said = f"is given twice, first on line {self.lines[at]}; keep one"
                self.problems.append(Problem(field_path(at), said, line))
            self.lines.setdefault(at, line)
            found[event.value] = self._value(next(self.events), at)
        return found


def _scalar(event: Any) -> object:
    """What a word means; quoted, it is always text."""
    text: str = event.value
    if event.style:
        return text
    if _INTEGER.fullmatch(text):
        return int(text)
    if text in {"", "~"} or text.lower() == "null":
        return None
    return _TRUTH.get(text.lower(), text)
