"""The Prefect server or Cloud that things are set up on: reached, of our version, with a pool of our type."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from packaging.version import Version
from prefect.client.base import ServerType
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from prefect.settings import PREFECT_API_URL
from prefect.workers.process import ProcessWorker

from deployments.catalogue import POOL_TYPE
from leadmoves.errors import InvalidInput, LeadMoveError, Problem

START = "start one with: prefect server start"


@asynccontextmanager
async def connected() -> AsyncIterator[PrefectClient]:
    """A client of the configured server, for as long as the block lasts.

    Raises:
        InvalidInput: none is configured, nobody answers, or it is of another version.
        LeadMoveError: it stopped answering in between, or refused what we asked.

    """
    url = PREFECT_API_URL.value()
    if not url:
        said = f"is not set; {START}, then export PREFECT_API_URL=http://127.0.0.1:4200/api"
        raise InvalidInput(Problem("PREFECT_API_URL", said))
    async with get_client() as client:
        await _answers(client, url)
        try:
            yield client
        except (httpx.HTTPError, PrefectHTTPStatusError) as error:
            said = _short(error)
            again = "run it again when that is mended: what is done already stays"
            raise LeadMoveError(f"the Prefect server at {url} failed: {said}; {again}") from None


def _short(error: httpx.HTTPError) -> str:
    if isinstance(error, httpx.HTTPStatusError):
        said = error.response.text[:200].replace("\n", " ")  # enough to know which field
        return f"{error.request.method} {error.request.url.path} gave {error.response.status_code}: {said}"
    return f"{type(error).__name__} {error}".strip()


async def _answers(client: PrefectClient, url: str) -> None:
    try:
        if client.server_type is ServerType.CLOUD:
            (await client.hello()).raise_for_status()
            return
        versions = Version(await client.api_version()), Version(client.client_version())
    except Exception as error:  # noqa: BLE001 - whatever answers there, it is no Prefect server of ours
        said = f"no Prefect server answers at {url} ({type(error).__name__}); {START}"
        raise InvalidInput(Problem("PREFECT_API_URL", said)) from None
    server, ours = versions
    if server.major != ours.major or server < ours:
        said = f"the server at {url} is Prefect {server}, this is {ours}; upgrade the server to {ours} or later"
        raise InvalidInput(Problem("PREFECT_API_URL", said))


async def check_pool(client: PrefectClient, name: str) -> bool:
    """Whether the pool is there; `InvalidInput` where one of another type has its name."""
    try:
        pool = await client.read_work_pool(name)
    except ObjectNotFound:
        return False
    if pool.type != POOL_TYPE:
        said = f"the work pool {name} is of type {pool.type}, not {POOL_TYPE}; name another with --pool"
        raise InvalidInput(Problem("pool", said))
    return True


async def create_pool(client: PrefectClient, name: str) -> None:
    template = ProcessWorker.get_default_base_job_template()
    described = "Lead moves in Instantly, one process a run."
    await client.create_work_pool(
        WorkPoolCreate(name=name, type=POOL_TYPE, base_job_template=template, description=described)
    )
