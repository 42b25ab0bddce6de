"""Many submits of one run: each begins when its turn comes, all inside of one place that sees them through."""

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import Context, copy_context


class Batch:
    """Open from `run` to `close`; between the two, whatever is handed in is carried out in the context of `run`."""

    def __init__(self) -> None:
        self._inside: asyncio.Future[Context] = asyncio.get_running_loop().create_future()
        self._closed = asyncio.Event()
        self._count = 0

    async def run(self) -> int:
        """Stay open until closed; returns how many were carried out."""
        self._inside.set_result(copy_context())
        await self._closed.wait()
        return self._count

    async def carry_out(self, submit: Callable[[], Coroutine[None, None, None]]) -> None:
        """Carry one out, and wait for it; whoever is cancelled cancels it."""
        inside = await asyncio.shield(self._inside)  # one that is cancelled here must not cancel it for the others
        await asyncio.create_task(submit(), context=inside.copy())
        self._count += 1

    def close(self) -> None:
        self._closed.set()
