"""Deployments and their schedules on a server: created, updated where they differ, otherwise left alone.

A needless update would cancel the runs that are scheduled already, and schedule them anew.
"""

from typing import Any
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import DeploymentScheduleCreate, DeploymentUpdate
from prefect.client.schemas.objects import ConcurrencyLimitStrategy, ConcurrencyOptions, DeploymentSchedule
from prefect.client.schemas.responses import DeploymentResponse
from prefect.exceptions import ObjectNotFound
from prefect.utilities.callables import parameter_schema

from deployments.catalogue import ROOT, TAGS, Offer
from deployments.intake import flow_of
from deployments.timetable import Schedule

Done = tuple[str, str]


def wanted(offer: Offer, pool: str | None, *, installed: bool = False) -> dict[str, Any]:
    """A deployment as the server shall have it. `pool` None: served by one process, without workers."""
    pull = None if installed or pool is None else [{WORKING_DIRECTORY: {"directory": str(ROOT)}}]
    return {
        "description": offer.description,
        "tags": list(TAGS),
        "work_pool_name": pool,
        "entrypoint": offer.module if installed else offer.entry_point,
        "path": None if pool else ".",
        "pull_steps": pull,
        "parameter_openapi_schema": parameter_schema(flow_of(offer)).model_dump(exclude_unset=True),
        # The flow refuses what is wrong, all of it at once and in plain words; the server's check would come
        # first, name one thing in the words of JSON schema, and let unknown parameters pass.
        "enforce_parameter_schema": False,
        "concurrency_limit": offer.at_once,
        "concurrency_options": ConcurrencyOptions(collision_strategy=ConcurrencyLimitStrategy.ENQUEUE),
    }


WORKING_DIRECTORY = "prefect.deployments.steps.set_working_directory"


async def set_up(
    client: PrefectClient, offer: Offer, pool: str | None, *, installed: bool = False
) -> tuple[UUID, str]:
    """Create or update a deployment, without its schedules; its id, and what was done."""
    fields = wanted(offer, pool, installed=installed)
    try:
        found = await client.read_deployment_by_name(offer.full_name)
    except ObjectNotFound:
        flow_id = await client.create_flow_from_name(offer.name)
        created = {name: value for name, value in fields.items() if value is not None}
        return await client.create_deployment(flow_id, offer.name, **created), "created"
    if as_compared(fields) == as_compared(_fields_of(found)):
        return found.id, "unchanged"
    await client.update_deployment(found.id, DeploymentUpdate(**fields))
    return found.id, "updated"


def _fields_of(found: DeploymentResponse) -> dict[str, Any]:
    limit = found.global_concurrency_limit
    return found.model_dump() | {
        "concurrency_limit": limit.limit if limit else None,
        "concurrency_options": found.concurrency_options,
    }


def as_compared(fields: dict[str, Any]) -> dict[str, Any]:
    """Where a deployment is looked for in which order of tags makes no difference."""
    options = fields["concurrency_options"]
    return {
        "tags": sorted(fields["tags"]),
        "pull_steps": fields["pull_steps"] or None,
        "at a collision": options.collision_strategy if options else None,
        "path": fields["path"] if fields["work_pool_name"] is None else None,
        **{name: fields[name] for name in COMPARED},
    }


COMPARED = (
    "description",
    "work_pool_name",
    "entrypoint",
    "parameter_openapi_schema",
    "enforce_parameter_schema",
    "concurrency_limit",
)


async def set_schedules(
    client: PrefectClient, deployment: UUID, schedules: tuple[Schedule, ...], *, complete: bool
) -> list[Done]:
    """Give a deployment its schedules, by their slugs.

    One that people switched off stays off, and one that they made in the UI (it has no slug) stays.
    `complete`: slugs that are not named any more are removed.
    """
    there = {each.slug: each for each in await client.read_deployment_schedules(deployment)}
    done = []
    for schedule in schedules:
        found = there.pop(schedule.slug, None)
        if found is None:
            await client.create_deployment_schedules(deployment, [as_created(schedule)])
            done.append(("created", f"schedule {schedule.slug}"))
        elif _differs(schedule, found):
            await _update(client, deployment, found.id, schedule)
            done.append(("updated", f"schedule {schedule.slug}"))
        else:
            done.append(("unchanged", f"schedule {schedule.slug}"))
    for slug, left in there.items():
        if complete and slug:
            await client.delete_deployment_schedule(deployment, left.id)
            done.append(("removed", f"schedule {slug}"))
    return done


def as_created(schedule: Schedule) -> DeploymentScheduleCreate:
    return DeploymentScheduleCreate(
        slug=schedule.slug,
        schedule=schedule.timing(),
        active=schedule.active is not False,
        parameters=schedule.parameters,
    )


async def _update(client: PrefectClient, deployment: UUID, schedule_id: UUID, schedule: Schedule) -> None:
    await client.update_deployment_schedule(
        deployment,
        schedule_id,
        active=schedule.active,
        schedule=schedule.timing(),
        parameters=schedule.parameters,
    )


def _differs(schedule: Schedule, found: DeploymentSchedule) -> bool:
    switched = schedule.active is not None and schedule.active != found.active
    same_time = schedule.timing().model_dump(mode="json") == found.schedule.model_dump(mode="json")
    return switched or not same_time or schedule.parameters != found.parameters
