"""Automations, found by name and updated, never doubled.

lead-moves: <outcome>       an event lead-move.<outcome> ─► a notification     (one a branch)
lead-moves: run broke | crashed | late   the flow run's own state ─► a notification
lead-moves: dead runs       no heartbeat ─► the run is marked Crashed
lead-moves: warm up after success        an example, switched off
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import StateType
from prefect.client.schemas.sorting import AutomationSort
from prefect.events.actions import ChangeFlowRunState, RunDeployment, SendNotification
from prefect.events.filters import AutomationFilter, AutomationFilterName
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture

from deployments.catalogue import CATALOGUE
from flows.refused import BAD_INPUT, NOTHING_SENT
from leadmoves.jobs import Outcome

PREFIX = "lead-moves: "
# Branches that a person should hear of; the others are set up too, switched off.
LOUD = frozenset((Outcome.FAILED, Outcome.REFUSED, Outcome.IN_DOUBT, Outcome.STALLED))
MOST = 200  # what the server gives on a page
HEARTBEATS = 3  # may be missed before a run counts as dead; with fewer, a healthy run under load was killed
ONCE = timedelta(seconds=60)  # a worker reports a crash twice, a second apart

OF_OURS = {
    "prefect.resource.role": "flow",
    "prefect.resource.name": [offer.name for offer in CATALOGUE],
}
RUN = {"prefect.resource.id": "prefect.flow-run.*"}
# What a flow's exception, and input that it refused, make the state say; a state named after an outcome is told by
# its own event.
BROKE = RUN | {"prefect.state-message": ["Flow run encountered an exception*", f"{NOTHING_SENT}*"]}
NEXT = {
    "run broke": "Mend what it says, then run it again. What was sent already is not sent again on its occasion.",
    "run crashed": "resume-moves finishes its moves within five minutes, once; nothing is left to do.",
    "run late": "Look whether a worker (or lead-moves serve) runs. It will be made when one does, once.",
}


@dataclass(frozen=True)
class Needs:
    """What automations refer to.

    Attributes:
        channel: the notification block; without it nobody is told.
        deployments: id by name.
        heartbeat: seconds between the heartbeats of a flow run, on every worker.

    """

    channel: UUID | None
    deployments: Mapping[str, UUID]
    heartbeat: int


def wanted(needs: Needs) -> Iterator[AutomationCore]:
    """All automations that can be set up."""
    yield _dead_runs(needs.heartbeat)
    yield _warm_up_after_success(needs.deployments["enable-warmup"])
    if needs.channel:
        yield from (_told_of(outcome, needs.channel) for outcome in Outcome if outcome is not Outcome.SUCCEEDED)
        yield _of_run("run broke", {"Failed", BAD_INPUT}, BROKE, needs.channel)
        yield _of_run("run crashed", {"Crashed"}, RUN, needs.channel)
        yield _of_run("run late", {"Late"}, RUN, needs.channel)


def window(heartbeat: int) -> int:
    """Seconds of silence after which a run counts as dead."""
    return HEARTBEATS * heartbeat


def _told_of(outcome: Outcome, channel: UUID) -> AutomationCore:
    """A branch of a move, told in the words that the flow put into its event."""
    return AutomationCore(
        name=f"{PREFIX}{outcome}",
        description=f"Tell people of a move that ended as {outcome}. Switch it on or off as you like.",
        enabled=outcome in LOUD,
        trigger=EventTrigger(expect={f"lead-move.{outcome}"}, match={"prefect.resource.id": "lead-move.*"}),
        actions=[_tell(channel, "{{ event.payload.subject }}", "{{ event.payload.text }}")],
    )


def _of_run(name: str, states: set[str], match: Mapping[str, str | list[str]], channel: UUID) -> AutomationCore:
    body = (
        "{{ flow.name }}, run {{ flow_run.name }}: {{ flow_run.state.message }}\n"
        f"{NEXT[name]}\n"
        "Run: {{ flow_run|ui_url }}"
    )
    return AutomationCore(
        name=PREFIX + name,
        description=f"Tell people of a {name.removeprefix('run ')} run. Switch it on or off as you like.",
        trigger=EventTrigger(
            expect={f"prefect.flow-run.{state}" for state in states},
            match=dict(match),
            match_related=OF_OURS,
            for_each={"prefect.resource.id"},
            within=ONCE,
        ),
        actions=[_tell(channel, f"Lead moves: {name}, {{{{ flow_run.name }}}}", body)],
    )


def _tell(channel: UUID, subject: str, body: str) -> SendNotification:
    return SendNotification(block_document_id=channel, subject=subject, body=body)


def _dead_runs(heartbeat: int) -> AutomationCore:
    """A run whose machine died never says so; its silence does."""
    silence = window(heartbeat)
    return AutomationCore(
        name=PREFIX + "dead runs",
        description=(
            f"Mark a run Crashed that sent no heartbeat for {silence} s. Every worker must send one each "
            f"{heartbeat} s or more often (PREFECT_FLOWS_HEARTBEAT_FREQUENCY), or healthy runs are marked."
        ),
        trigger=EventTrigger(
            after={"prefect.flow-run.heartbeat"},
            expect={"prefect.flow-run.*"},
            match=RUN,
            match_related=OF_OURS,
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=timedelta(seconds=silence),
        ),
        actions=[ChangeFlowRunState(state=StateType.CRASHED, message=f"no heartbeat for {silence} s")],
    )


def _warm_up_after_success(deployment: UUID) -> AutomationCore:
    return AutomationCore(
        name=PREFIX + "warm up after success",
        description="An example, switched off: start another deployment after every move that succeeded.",
        enabled=False,
        trigger=EventTrigger(expect={"lead-move.succeeded"}, match={"prefect.resource.id": "lead-move.*"}),
        actions=[
            RunDeployment(
                source="selected",
                deployment_id=deployment,
                parameters={"request": {"emails": ["ana@example.com"]}},
            )
        ],
    )


async def set_up(client: PrefectClient, needs: Needs) -> list[tuple[str, str]]:
    """Create what is missing, update what differs; whether one is switched on stays as people left it."""
    cores = list(wanted(needs))
    named = AutomationFilter(name=AutomationFilterName(any_=[core.name for core in cores]))
    found_ = await client.read_automations(automations=named, sort=AutomationSort.CREATED_DESC, limit=MOST)
    there = {each.name: each for each in found_}  # the oldest, should there be twins
    done = []
    for core in cores:
        found = there.get(core.name)
        if found is None:
            await client.create_automation(core)
            done.append(("created", f"automation {core.name}" + ("" if core.enabled else " (off)")))
        elif _said(core) != _said(found):
            await client.update_automation(found.id, core.model_copy(update={"enabled": found.enabled}))
            done.append(("updated", f"automation {core.name}"))
        else:
            done.append(("unchanged", f"automation {core.name}"))
    return done


def _said(core: AutomationCore) -> dict[str, object]:
    """What an automation does, to be compared: without ids, and without whether it is on."""
    return core.model_dump(mode="json", include={"name", "description", "trigger", "actions"})
