"""Parameters that will reach a flow later, refused now: those of a schedule, by the rules of the flow itself."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import Any

from deployments.catalogue import ROOT, Offer
from deployments.timetable import Timings
from leadmoves.errors import InvalidInput, Problem
from leadmoves.plan import WarmupRequest, check_plan
from leadmoves.plan.refusal import checked

# What each parameter is checked by. A path counts from where workers run.
CHECKS: Mapping[str, Callable[[Any], object]] = {
    "move": lambda move: check_plan({"moves": [move]}, folder=ROOT),
    "plan": lambda plan: check_plan(plan, folder=ROOT),
    "request": lambda request: checked(WarmupRequest, request),
}


def flow_of(offer: Offer) -> Any:
    """The flow that a deployment runs."""
    return getattr(import_module(f"flows.{offer.function}"), offer.function)


def check_timings(timings: Timings, catalogue: tuple[Offer, ...]) -> None:
    """`InvalidInput` for schedules of unknown deployments, and for parameters that their flow would refuse."""
    offers = {offer.name: offer for offer in catalogue}
    problems: list[Problem] = []
    for name, schedules in timings.items():
        if name not in offers:
            known = ", ".join(offers)
            problems.append(Problem(f"schedules.{name}", f"there is no such deployment; known are {known}"))
            continue
        for index, schedule in enumerate(schedules):
            place = f"schedules.{name}[{index}].parameters"
            problems += _refused(place, schedule.parameters, offers[name])
    if problems:
        raise InvalidInput(*problems)


def _refused(place: str, parameters: Mapping[str, Any], offer: Offer) -> Iterator[Problem]:
    known = inspect.signature(flow_of(offer).fn).parameters
    for name, parameter in known.items():
        if parameter.default is inspect.Parameter.empty and name not in parameters:
            yield Problem(f"{place}.{name}", "is missing; add it")
    for name, value in parameters.items():
        if name not in known:
            yield Problem(f"{place}.{name}", f"is no parameter of {offer.name}; known are {', '.join(known)}")
            continue
        try:
            CHECKS.get(name, lambda _: None)(value)
        except InvalidInput as error:
            for each in error.problems:
                field = each.field.removeprefix("moves[0].") if name == "move" else each.field
                yield Problem(f"{place}.{name}.{field}", each.message)
