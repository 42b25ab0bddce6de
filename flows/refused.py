"""Parameters that a flow does not have, told in words.

Prefect's server lets them pass and its engine gives up before the flow starts, which looks like a crash. This hook
of a crashed run says what was wrong instead.
"""

import inspect
from collections.abc import Iterator
from typing import Any

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun, State
from prefect.states import Failed

from leadmoves.errors import InvalidInput, Problem


async def say_what_was_wrong(flow: Any, flow_run: FlowRun, state: State[Any]) -> None:  # noqa: ARG001 - Prefect's order
    """Turn the crash into a refusal, where the parameters were its cause."""
    problems = tuple(_problems(flow, flow_run.parameters))
    if problems:
        said = f"Flow run encountered an exception: InvalidInput: {InvalidInput(*problems)}"
        async with get_client() as client:
            await client.set_flow_run_state(flow_run.id, Failed(message=said), force=True)


def _problems(flow: Any, given: dict[str, Any]) -> Iterator[Problem]:
    known = inspect.signature(flow.fn).parameters
    for name in given:
        if name not in known:
            yield Problem(name, f"is no parameter of {flow.name}; known are {', '.join(known)}")
    for name, parameter in known.items():
        if parameter.default is inspect.Parameter.empty and name not in given:
            yield Problem(name, "is missing; add it")
