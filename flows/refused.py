"""Input that a flow refuses, told in words: its state says what is wrong, no stack trace does.

Parameters that a flow does not have pass Prefect's server, and its engine gives up before the flow starts, which
looks like a crash: a hook of the crashed run says what was wrong instead.
"""

import inspect
from collections.abc import Callable, Coroutine, Iterator
from functools import wraps
from typing import Any, ParamSpec

from prefect import get_run_logger
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun, State
from prefect.states import Failed

from leadmoves.errors import InvalidInput, Problem

P = ParamSpec("P")
Ending = Coroutine[Any, Any, State[Any]]
BAD_INPUT = "BadInput"  # the name of the state
NOTHING_SENT = "Nothing was sent: "  # how its message begins; automations listen for it


def refusing(function: Callable[P, Ending]) -> Callable[P, Ending]:
    """A flow that ends as `BadInput`, with the sentence of the command line, where its input is refused."""

    @wraps(function)
    async def told(*args: P.args, **kwargs: P.kwargs) -> State[Any]:
        try:
            return await function(*args, **kwargs)
        except InvalidInput as error:
            get_run_logger().error("%s%s", NOTHING_SENT, error)
            return Failed(name=BAD_INPUT, message=f"{NOTHING_SENT}{error}", data=error)

    return told


async def say_what_was_wrong(flow: Any, flow_run: FlowRun, state: State[Any]) -> None:  # noqa: ARG001 - Prefect's order
    """Turn the crash into a refusal, where the parameters were its cause."""
    problems = tuple(_problems(flow, flow_run.parameters))
    if problems:
        bad: State[Any] = Failed(name=BAD_INPUT, message=f"{NOTHING_SENT}{InvalidInput(*problems)}")
        async with get_client() as client:
            await client.set_flow_run_state(flow_run.id, bad, force=True)


def _problems(flow: Any, given: dict[str, Any]) -> Iterator[Problem]:
    known = inspect.signature(flow.fn).parameters
    for name in given:
        if name not in known:
            yield Problem(name, f"is no parameter of {flow.name}; known are {', '.join(known)}")
    for name, parameter in known.items():
        if parameter.default is inspect.Parameter.empty and name not in given:
            yield Problem(name, "is missing; add it")
