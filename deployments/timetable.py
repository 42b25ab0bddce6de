"""When a deployment runs by itself, and with which parameters: read, checked, refused before anything is set up.

A schedules file names deployments and gives each a list:

    schedules:
      move-leads:
        - slug: weekday-top-up
          cron: "0 7 * * 1-5"
          timezone: Europe/Berlin
          parameters: {move: {name: …, request: {…}}}
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field, StringConstraints, ValidationError
from pydantic_core import PydanticCustomError

from leadmoves.errors import InvalidInput, Problem
from leadmoves.plan.document import Document, read_document
from leadmoves.plan.refusal import Contradiction, Input, problems_of, shown

if TYPE_CHECKING:
    from prefect.client.schemas.schedules import SCHEDULE_TYPES

WAYS = ("cron", "interval", "rrule")
# An interval counts from a fixed day: from the day of set-up, each set-up would move every later run.
ANCHOR = datetime(2026, 1, 1, tzinfo=UTC)
FIRST = "DTSTART:20200101T000000\n"  # the same for a rule, in the words that the server would put in itself
SHORTEST = timedelta(minutes=1)  # a job needs some seconds, and the next run finds the first still waiting


def _known_zone(name: str) -> str:
    if name in available_timezones():
        return name
    raise PydanticCustomError("zone", f"must be a time zone such as Europe/Berlin, not {shown(name)}")


def _long_enough(interval: timedelta) -> timedelta:
    if interval >= SHORTEST:
        return interval
    raise PydanticCustomError("interval", "must be at least PT1M (a minute)")


class Schedule(Input):
    """One schedule: exactly one of cron, interval and rrule, with its own parameters."""

    slug: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
    cron: str | None = None
    interval: Annotated[timedelta, AfterValidator(_long_enough)] | None = None
    rrule: str | None = None
    timezone: Annotated[str, AfterValidator(_known_zone)] = "UTC"
    active: bool | None = None  # None: as it is, on when it is new
    parameters: dict[str, Any] = Field(default_factory=dict)

    @classmethod
    def contradictions(cls, given: Mapping[str, Any]) -> Iterator[Contradiction]:
        named = [way for way in WAYS if way in given]
        if not named:
            yield (), "says no time; give cron, interval or rrule"
        for extra in named[1:]:
            yield (extra,), f"{named[0]} is given as well; keep one of the two"

    def timing(self) -> "SCHEDULE_TYPES":
        """As Prefect has it; `InvalidInput` where Prefect cannot parse it."""
        from prefect.client.schemas.schedules import (  # noqa: PLC0415 - the catalogue is read without Prefect
            CronSchedule,
            IntervalSchedule,
            RRuleSchedule,
        )

        try:
            if self.cron:
                return CronSchedule(cron=self.cron, timezone=self.timezone)
            if self.rrule:
                start = "" if "DTSTART" in self.rrule.upper() else FIRST
                return RRuleSchedule(rrule=start + self.rrule, timezone=self.timezone)
        except (ValidationError, ValueError):
            way, text = ("cron", self.cron) if self.cron else ("rrule", self.rrule)
            example = "0 7 * * 1-5" if self.cron else "FREQ=WEEKLY;BYDAY=MO;BYHOUR=7;BYMINUTE=0;BYSECOND=0"
            raise InvalidInput(Problem(way, f"must be such as {example}, not {shown(text)}")) from None
        anchor: Any = ANCHOR
        return IntervalSchedule(interval=self.interval or SHORTEST, anchor_date=anchor, timezone=self.timezone)


class Timetable(Input):
    """Schedules by the name of their deployment."""

    schedules: dict[str, tuple[Schedule, ...]]


Timings = Mapping[str, tuple[Schedule, ...]]


def read_timetable(path: Path) -> Timings:
    """The schedules of a file; `InvalidInput` names each thing that is wrong, with its line."""
    try:
        document = read_document(path.read_text("utf-8-sig"), path.name)
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(Problem(str(path), f"cannot be read: {error}")) from None
    if document.problems:
        raise InvalidInput(*document.problems)
    try:
        timings = Timetable.model_validate(document.values).schedules
    except ValidationError as error:
        raise InvalidInput(*problems_of(error, document.line_of)) from None
    problems = list(_problems(timings, document))
    if problems:
        raise InvalidInput(*problems)
    return timings


def _problems(timings: Timings, document: Document) -> Iterator[Problem]:
    """What only Prefect knows to be no time, and slugs that are used twice."""
    for name, schedules in timings.items():
        seen: set[str] = set()
        for index, schedule in enumerate(schedules):
            place = f"schedules.{name}[{index}]"
            line = document.line_of(("schedules", name, index))
            if schedule.slug in seen:
                yield Problem(f"{place}.slug", f"{shown(schedule.slug)} is used twice; slugs are unique", line)
            seen.add(schedule.slug)
            try:
                schedule.timing()
            except InvalidInput as error:
                yield from (Problem(f"{place}.{each.field}", each.message, line) for each in error.problems)
