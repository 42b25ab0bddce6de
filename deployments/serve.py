"""`lead-moves serve`: all deployments in one process, for a single machine without workers."""

import asyncio
import os
from pathlib import Path
from uuid import UUID

import click
from prefect.deployments.runner import RunnerDeployment
from prefect.runner import Runner
from prefect.settings import PREFECT_UI_URL

from deployments import offers
from deployments.catalogue import CATALOGUE, ROOT
from deployments.deploy import set_up_offers, timings_of
from deployments.intake import flow_of
from deployments.server import connected
from deployments.timetable import Timings

AT_ONCE = sum(offer.at_once for offer in CATALOGUE)  # each deployment's own limit is the tighter one


def serve(schedules: Path | None) -> int:
    """Serve until interrupted; returns the exit code.

    Raises:
        LeadMoveError: refused, and nothing was set up.

    """
    timings = timings_of(schedules)
    os.chdir(ROOT)  # flow processes start where we are, and entry points count from there
    try:
        asyncio.run(_serve(timings))
    except KeyboardInterrupt:
        click.echo("stopped; runs that become due wait for the next lead-moves serve", err=True)
    return 0


async def _serve(timings: Timings) -> None:
    # Not paused on the way out: what becomes due meanwhile is made late, once, instead of never.
    runner = Runner(name="lead-moves", pause_on_shutdown=False, limit=AT_ONCE)
    done: list[offers.Done] = []
    async with connected() as client:
        ids = await set_up_offers(client, None, timings, done)
        paused = {name: (await client.read_deployment(each)).paused for name, each in ids.items()}
        for offer in CATALOGUE:
            await runner.aadd_deployment(_for_runner(offer.name, paused=paused[offer.name]))
        await set_up_offers(client, None, timings, [])
    for what, name in done:
        click.echo(f"{what:>9}  {name}")
    _welcome(ids)
    await runner.start()


def _for_runner(name: str, *, paused: bool) -> RunnerDeployment:
    """A deployment as a runner registers it; its schedules are set already, and stay."""
    offer = next(offer for offer in CATALOGUE if offer.name == name)
    fields = offers.wanted(offer, None)
    deployment = RunnerDeployment.from_flow(
        flow_of(offer),
        name,
        paused=paused,
        description=offer.description,
        tags=fields["tags"],
        enforce_parameter_schema=False,
    )
    deployment.entrypoint = offer.entry_point
    deployment.concurrency_limit = offer.at_once
    deployment.concurrency_options = fields["concurrency_options"]
    deployment.model_fields_set.discard("schedules")  # not told to the server: an empty list would delete all
    return deployment


def _welcome(ids: dict[str, UUID]) -> None:
    click.echo(f"\nServing {len(ids)} deployments; stop with Ctrl-C.")
    if ui := PREFECT_UI_URL.value():
        click.echo(f"Run a move by hand: {ui}/deployments/deployment/{ids['move-leads']}/run")
