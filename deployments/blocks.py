"""The blocks that deployments name: the API key, and the channels that people are told through."""

import asyncio
from uuid import UUID

import click
from prefect.client.orchestration import PrefectClient
from prefect.exceptions import ObjectNotFound
from pydantic import SecretStr

from deployments.server import connected
from leadmoves.errors import InvalidInput, Problem
from leadmoves.settings import read_settings
from tasks.credentials import InstantlyCredentials
from tasks.notify import send

TEST_SUBJECT = "Lead moves: a test message"
TEST_BODY = "Where you read this, you will be told of lead moves that need you. Nothing was moved."


def key_for_block() -> SecretStr:
    """The key to store; `InvalidInput` where the environment has none."""
    return read_settings().required_key()


async def save_credentials(name: str, key: SecretStr) -> None:
    """Store the key of the environment in a block, whatever was there before; Prefect encrypts it."""
    settings = read_settings()
    default = type(settings).model_fields["url"].default
    url = None if settings.url == default else settings.url
    await InstantlyCredentials(api_key=key, api_url=url).save(name, overwrite=True)


async def find_channel(client: PrefectClient, name: str) -> UUID:
    """The id of a notification block `type-slug/name`; `InvalidInput` where it is none."""
    slug, _, block = name.partition("/")
    try:
        found = await client.read_block_document_by_name(block, slug, include_secrets=False)
    except ObjectNotFound:
        said = f"there is no block {name}; create it in Prefect under Blocks, or mend the name (type-slug/name)"
        raise InvalidInput(Problem("notify", said)) from None
    if "notify" not in ((found.block_schema.capabilities if found.block_schema else None) or ()):
        said = f"{name} is no notification block; take one such as slack-webhook/ops"
        raise InvalidInput(Problem("notify", said))
    return found.id


def notify_test(name: str) -> int:
    """`lead-moves notify-test`: send a test message through a block; returns the exit code.

    Raises:
        InvalidInput: there is no such notification block.

    """
    return asyncio.run(_notify_test(name))


async def _notify_test(name: str) -> int:
    async with connected() as client:
        await find_channel(client, name)
        try:
            await send(name, TEST_SUBJECT, TEST_BODY)
        except Exception as error:  # noqa: BLE001 - a block may raise anything
            click.echo(f"lead-moves: {name} took no message: {type(error).__name__}: {error}", err=True)
            return 1
    click.echo(f"sent a test message through {name}")
    return 0
