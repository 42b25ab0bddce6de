"""`lead-moves deploy`: everything set up on a Prefect server, again and again without doubling anything.

check all (file, parameters, server, pool, blocks) ─► pool ─► deployments, schedules ─► credentials ─► automations
"""

import asyncio
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import click
from prefect.client.orchestration import PrefectClient
from prefect.settings import get_current_settings
from pydantic import SecretStr

from deployments import automations, offers
from deployments.blocks import find_channel, key_for_block, save_credentials
from deployments.catalogue import CATALOGUE, POOL, ROOT, Offer
from deployments.intake import check_timings
from deployments.server import check_pool, connected, create_pool
from deployments.timetable import Schedule, Timings, read_timetable

MINIMUM_HEARTBEAT = 30  # seconds, Prefect's own


@dataclass(frozen=True)
class Wish:
    """What was asked for on the command line."""

    pool: str = POOL
    schedules: Path | None = None
    credentials: str | None = None
    notify: str | None = None
    installed: bool = False


def deploy(wish: Wish) -> int:
    """Set everything up; returns the exit code.

    Raises:
        LeadMoveError: refused, and nothing was set up.

    """
    timings = timings_of(wish.schedules)
    key = key_for_block() if wish.credentials else None
    heartbeat = seconds_between_heartbeats()
    done = asyncio.run(_deploy(wish, timings, key, heartbeat))
    for what, name in done:
        click.echo(f"{what:>9}  {name}")
    for line in _hints(wish, heartbeat):
        click.echo(line)
    return 0


def timings_of(file: Path | None) -> Timings:
    """The schedules of a file, refused where a flow would refuse their parameters."""
    if file is None:
        return {}
    timings = read_timetable(file)
    os.chdir(ROOT)  # the paths in parameters count from there, as on a worker
    check_timings(timings, CATALOGUE)
    return timings


def seconds_between_heartbeats() -> int:
    return max(get_current_settings().flows.heartbeat_frequency or MINIMUM_HEARTBEAT, MINIMUM_HEARTBEAT)


def schedules_of(offer: Offer, timings: Timings) -> tuple[Schedule, ...]:
    """The catalogue's, and those of the file."""
    own = {schedule.slug: schedule for schedule in (*offer.schedules, *timings.get(offer.name, ()))}
    return tuple(own.values())


async def _deploy(wish: Wish, timings: Timings, key: SecretStr | None, heartbeat: int) -> list[offers.Done]:
    async with connected() as client:
        pool_is_there = await check_pool(client, wish.pool)
        channel = await find_channel(client, wish.notify) if wish.notify else None
        if not pool_is_there:
            await create_pool(client, wish.pool)
        done: list[offers.Done] = [("unchanged" if pool_is_there else "created", f"work pool {wish.pool}")]
        ids = await set_up_offers(client, wish.pool, timings, done, installed=wish.installed)
        if wish.credentials and key:
            await save_credentials(wish.credentials, key)
            done.append(("saved", f"block instantly-credentials/{wish.credentials}"))
        done += await automations.set_up(client, automations.Needs(channel, ids, heartbeat))
        return done


async def set_up_offers(
    client: PrefectClient, pool: str | None, timings: Timings, done: list[offers.Done], *, installed: bool = False
) -> dict[str, UUID]:
    """All deployments of the catalogue with their schedules; their ids by name."""
    ids = {}
    for offer in CATALOGUE:
        ids[offer.name], what = await offers.set_up(client, offer, pool, installed=installed)
        done.append((what, f"deployment {offer.full_name}"))
        complete = offer.name in timings
        done += await offers.set_schedules(client, ids[offer.name], schedules_of(offer, timings), complete=complete)
    return ids


def _hints(wish: Wish, heartbeat: int) -> Iterable[str]:
    """What a person still has to do, or to know."""
    yield f"\nNow start a worker on any machine: prefect worker start --pool {wish.pool}"
    yield (
        f"A run that is silent for {automations.window(heartbeat)} s is marked Crashed: every worker must send a "
        f"heartbeat each {heartbeat} s or more often (PREFECT_FLOWS_HEARTBEAT_FREQUENCY)."
    )
    if not wish.notify:
        yield "Nobody is told of trouble yet: add --notify BLOCK, such as slack-webhook/ops."
