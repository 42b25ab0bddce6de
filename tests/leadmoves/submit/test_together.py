"""Several processes over one ledger."""

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest

from leadmoves.decisions import Decided, Decision
from leadmoves.errors import LeaseLost, LedgerError
from leadmoves.jobs import Outcome
from leadmoves.ledger import State
from tests.leadmoves.scene import virtually
from tests.leadmoves.submit.desk import LEASE, Desk, Process


class Killed(BaseException):
    """The process is gone."""


def dying_at(point: Decided) -> dict[str, object]:
    def listen(decision: Decision) -> None:
        if decision.decided is point:
            raise Killed

    return {"listener": listen}


async def killed(process: Process, desk: Desk) -> None:
    with suppress(Killed):
        await process.submit(await process.intend(desk.body))


@virtually
async def test_the_second_process_waits_and_sends_nothing(tmp_path: Path) -> None:
    async with Desk(tmp_path, latency=3.0) as desk:
        one, other = await desk.process(), await desk.process()
        row = await one.intend(desk.body)

        async def carry_out() -> None:
            await one.submit(row)
            await one.ledger.let_go()

        _, seen = await asyncio.gather(carry_out(), other.submit(row))

        assert [seen.job_id] == desk.jobs
        assert desk.requests("POST") == 1


@virtually
async def test_a_dead_owners_move_is_taken_over_within_the_lease(tmp_path: Path) -> None:
    async with Desk(tmp_path) as desk:
        dead = await desk.process(**dying_at(Decided.BASELINE))
        await killed(dead, desk)
        begun = desk.scene.clock.monotonic()
        heir = await desk.process()
        row = await heir.submit(await heir.intend(desk.body))

        assert [row.job_id] == desk.jobs
        assert desk.scene.clock.monotonic() - begun <= LEASE + 2


@pytest.mark.parametrize("point", [Decided.ACCEPTED, Decided.ADOPTED])
@virtually
async def test_a_resume_of_a_known_job_costs_no_request_until_it_is_looked_at(
    tmp_path: Path, point: Decided
) -> None:
    async with Desk(tmp_path) as desk:
        if point is Decided.ADOPTED:
            desk.fault("lose-answer")
        await killed(await desk.process(**dying_at(point)), desk)
        asked = desk.scene.requests.copy()
        heir = await desk.process()
        row = await heir.submit(await heir.intend(desk.body))

        assert [row.job_id] == desk.jobs
        assert heir.decided == [Decided.RESUMED]
        assert desk.scene.requests == asked


@virtually
async def test_where_another_process_still_works_on_it_at_the_deadline_we_say_so(tmp_path: Path) -> None:
    async with Desk(tmp_path) as desk:
        one, other = await desk.process(), await desk.process()
        row = await one.intend(desk.body)

        with pytest.raises(LeaseLost, match="another process works on"):
            await other.submit(row, patience=5)
        assert desk.requests("POST") == 0


@virtually
async def test_a_key_that_the_ledger_does_not_know_is_no_move(tmp_path: Path) -> None:
    async with Desk(tmp_path) as desk:
        process = await desk.process()
        row = await process.intend(desk.body)
        await process.ledger.end(row.key, Outcome.SUCCEEDED, None, {})
        await process.ledger.told([row.key])
        await process.ledger.forget(desk.scene.clock.now() + 1)

        with pytest.raises(LedgerError, match="knows no move"):
            await (await desk.process()).submit(row)


@virtually
async def test_moves_of_one_source_go_one_after_the_other(tmp_path: Path) -> None:
    async with Desk(tmp_path, seconds_per_job=10.0) as desk:
        one, other = await desk.process(), await desk.process()
        first = await one.submit(await one.intend(desk.body, "first"))

        async def end_first() -> None:
            await desk.scene.clock.sleep(12)
            await one.ledger.end(first.key, Outcome.SUCCEEDED, None, {})

        _, second = await asyncio.gather(end_first(), other.submit(await other.intend(desk.body, "second")))

        assert [first.job_id, second.job_id] == desk.jobs
        assert desk.requests("POST") == 2


@virtually
async def test_whoever_meets_a_held_source_at_its_deadline_sends_nothing(tmp_path: Path) -> None:
    async with Desk(tmp_path) as desk:
        one, other = await desk.process(), await desk.process()
        first = await one.submit(await one.intend(desk.body, "first"))
        second = await other.submit(await other.intend(desk.body, "second"), patience=5)

        assert (second.state, second.outcome) == (State.ENDED, Outcome.NOT_SENT)
        assert first.key in str(second.reason)
        assert desk.requests("POST") == 1


@virtually
async def test_a_move_in_doubt_keeps_strangers_of_this_ledger_from_its_source(tmp_path: Path) -> None:
    async with Desk(tmp_path) as desk:
        desk.fault("lose-answer")
        dead = await desk.process(**dying_at(Decided.AMBIGUOUS))
        await killed(dead, desk)
        await desk.scene.clock.sleep(3 * LEASE)
        other = await desk.process()
        same = await other.intend(desk.body, "another")

        assert await other.ledger.hold(same) is not None
        await desk.scene.clock.sleep(2 * LEASE)
        assert await other.ledger.hold(same) is None


@virtually
async def test_a_move_whose_source_another_holds_is_not_settled_before_that_one_is_done(tmp_path: Path) -> None:
    """Else it could take the other's job, not yet claimed, for its own."""
    async with Desk(tmp_path) as desk:
        await killed(await desk.process(**dying_at(Decided.SENDING)), desk)
        await desk.scene.clock.sleep(200)
        other = await desk.process()
        await other.ledger.hold(await other.intend(desk.body, "another"))
        heir = await desk.process()
        row = await heir.submit(await heir.intend(desk.body), patience=5)

        assert (row.state, row.outcome) == (State.SENDING, Outcome.IN_DOUBT)
        assert "holds its source" in str(row.reason)
