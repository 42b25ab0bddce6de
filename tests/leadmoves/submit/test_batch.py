"""A batch sees submits through: side by side, each with its own end, in the context of whoever runs it."""

import asyncio
from contextvars import ContextVar

import pytest

from leadmoves.errors import LedgerError
from leadmoves.submit.batch import Batch
from tests.leadmoves.scene import virtually

inside: ContextVar[str] = ContextVar("inside", default="nowhere")


async def open_batch() -> tuple[Batch, "asyncio.Task[int]"]:
    batch = Batch()

    async def run() -> int:
        inside.set("the task")
        return await batch.run()

    return batch, asyncio.create_task(run())


@virtually
async def test_submits_run_side_by_side_where_the_batch_runs() -> None:
    batch, running = await open_batch()
    seen: list[str] = []

    async def submit() -> None:
        seen.append(inside.get())
        inside.set("somewhere else")  # one that counts its own requests must not count another's
        await asyncio.sleep(60)

    begun = asyncio.get_running_loop().time()
    await asyncio.gather(*(batch.carry_out(submit) for _ in range(3)))
    took = asyncio.get_running_loop().time() - begun
    batch.close()

    assert (seen, inside.get()) == (["the task"] * 3, "nowhere")
    assert (took, await running) == (60, 3)


@virtually
async def test_what_one_raises_reaches_whoever_handed_it_in_and_nobody_else() -> None:
    batch, running = await open_batch()

    async def fails() -> None:
        raise LedgerError("full")

    async def works() -> None:
        await asyncio.sleep(1)

    ended = await asyncio.gather(batch.carry_out(fails), batch.carry_out(works), return_exceptions=True)
    batch.close()

    assert [type(end) for end in ended] == [LedgerError, type(None)]
    assert await running == 1


@virtually
async def test_who_is_cancelled_cancels_its_own_submit_only() -> None:
    batch, running = await open_batch()
    over: list[str] = []

    async def submit(name: str) -> None:
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            over.append(f"{name} cancelled")
            raise
        over.append(name)

    first = asyncio.create_task(batch.carry_out(lambda: submit("first")))
    second = asyncio.create_task(batch.carry_out(lambda: submit("second")))
    await asyncio.sleep(1)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    await second
    batch.close()

    assert over == ["first cancelled", "second"]
    assert await running == 1


@virtually
async def test_who_gives_up_before_the_batch_runs_leaves_it_open_for_the_others() -> None:
    batch = Batch()

    async def submit() -> None: ...

    early = asyncio.create_task(batch.carry_out(submit))
    patient = asyncio.create_task(batch.carry_out(submit))
    await asyncio.sleep(1)
    early.cancel()
    running = asyncio.create_task(batch.run())
    await patient
    batch.close()

    assert await running == 1
