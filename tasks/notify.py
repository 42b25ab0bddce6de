"""Tell people through Prefect's notification blocks. A notification that fails is told, and fails nothing."""

from collections.abc import Sequence
from inspect import isawaitable
from typing import Any

from prefect import get_run_logger, task
from prefect.blocks.abstract import NotificationBlock
from prefect.blocks.core import Block
from prefect.cache_policies import NO_CACHE

from leadmoves.errors import InvalidInput, Problem


@task(name="notify", cache_policy=NO_CACHE, retries=0)
async def notify(blocks: Sequence[str], subject: str, body: str) -> tuple[str, ...]:
    """Send one message through each block (``type-slug/name``); returns those that took it."""
    told = []
    for name in blocks:
        try:
            await send(name, subject, body)
            told.append(name)
        except Exception as error:  # noqa: BLE001 - a block may raise anything, and the move is over already
            get_run_logger().warning("notification block %s failed: %s", name, error)
            told.append(f"{name} (failed: {type(error).__name__})")
    return tuple(told)


async def send(name: str, subject: str, body: str) -> None:
    """Send one message; raises whatever the block raises."""
    block: Any = await Block.aload(name)
    if not isinstance(block, NotificationBlock):
        raise TypeError(f"{name} is no notification block")
    with block.raise_on_failure():  # Apprise's blocks are silent about a failure otherwise
        sent: Any = block.notify(body, subject)
        if isawaitable(sent):
            await sent


async def check_blocks(blocks: Sequence[str]) -> None:
    """Refuse a block that does not exist before anything is sent; `InvalidInput` names it."""
    missing = [name for name in dict.fromkeys(blocks) if not await _exists(name)]
    if missing:
        said = "no such notification block in Prefect; create it, or mend the name"
        raise InvalidInput(*(Problem("notify", f"{name}: {said}") for name in missing))


async def _exists(name: str) -> bool:
    try:
        await Block.aload(name)
    except ValueError:
        return False
    return True
