import asyncio
from pathlib import Path

import pytest

from leadmoves.begin import begin
from leadmoves.decisions import Decided
from leadmoves.errors import LedgerError
from leadmoves.jobs import Outcome
from leadmoves.ledger import Row, State
from leadmoves.plan import check_plan
from tests.leadmoves.scene import virtually
from tests.leadmoves.submit.desk import Desk


def ending(row: Row) -> tuple[State, Outcome | None]:
    return row.state, row.outcome


@virtually
async def test_an_undisturbed_submit_is_one_post_and_one_get(tmp_path: Path) -> None:
    async with Desk(tmp_path) as desk:
        process = await desk.process()
        row = await process.submit(await process.intend(desk.body))

        assert [row.job_id] == desk.jobs
        assert (desk.requests("POST"), desk.requests("GET")) == (1, 1)
        assert process.decided == [
            Decided.INTENDED,
            Decided.BASELINE,
            Decided.SENDING,
            Decided.ANSWERED,
            Decided.ACCEPTED,
        ]


@virtually
async def test_a_key_whose_job_is_known_costs_no_request(tmp_path: Path) -> None:
    async with Desk(tmp_path) as desk:
        process = await desk.process()
        first = await process.submit(await process.intend(desk.body))
        before = desk.scene.requests.copy()

        again = await process.submit(await process.intend(desk.body))
        await process.ledger.end(first.key, Outcome.SUCCEEDED, None, {"moved": 3})
        over = await process.submit(first)

        assert again.job_id == first.job_id
        assert over.state is State.ENDED
        assert desk.scene.requests == before


@virtually
async def test_two_calls_with_one_key_in_one_process_make_one_job(tmp_path: Path) -> None:
    async with Desk(tmp_path, latency=1.0) as desk:
        process = await desk.process()
        row = await process.intend(desk.body)
        one, other = await asyncio.gather(process.submit(row), process.submit(row))

        assert one.job_id == other.job_id
        assert len(desk.jobs) == desk.requests("POST") == 1


@virtually
async def test_another_occasion_is_another_move(tmp_path: Path) -> None:
    async with Desk(tmp_path, seconds_per_job=1.0) as desk:
        process = await desk.process()
        for occasion in ("monday", "tuesday"):
            row = await process.submit(await process.intend(desk.body, occasion=occasion))
            await process.ledger.end(row.key, Outcome.SUCCEEDED, None, {})
            await desk.scene.clock.sleep(5)

        assert len(desk.jobs) == 2


@virtually
async def test_what_was_refused_ends_so_and_frees_its_source(tmp_path: Path) -> None:
    async with Desk(tmp_path) as desk:
        desk.fault("status", status=403, effect=False)
        process, other = await desk.process(), await desk.process()
        row = await process.submit(await process.intend(desk.body))
        free = await other.intend(desk.body, "another")

        assert ending(row) == (State.ENDED, Outcome.REFUSED)
        assert "403" in str(row.reason)
        assert await other.ledger.hold(free) is None


@virtually
async def test_what_was_refused_is_sent_again_only_when_somebody_asks_who_was_told(tmp_path: Path) -> None:
    async with Desk(tmp_path) as desk:
        desk.fault("status", status=402, effect=False)
        process = await desk.process()
        plan = check_plan({"moves": [{"name": "m", "request": desk.body}]})
        [row] = await begin(process.ledger, plan, "o")
        row = await process.submit(row)
        await process.ledger.end(row.key, Outcome.REFUSED, row.reason, {"outcome": "refused"})

        [untold] = await begin(process.ledger, plan, "o")
        await process.ledger.told([row.key])
        resumed = await process.submit(untold)
        [asked] = await begin(process.ledger, plan, "o")
        sent = await process.submit(asked)

        assert ending(untold) == ending(resumed) == (State.ENDED, Outcome.REFUSED)
        assert [sent.job_id] == desk.jobs
        assert desk.requests("POST") == 2


@virtually
async def test_what_succeeded_is_never_opened_again(tmp_path: Path) -> None:
    async with Desk(tmp_path) as desk:
        process = await desk.process()
        plan = check_plan({"moves": [{"name": "m", "request": desk.body}]})
        [row] = await begin(process.ledger, plan, "o")
        row = await process.submit(row)
        await process.ledger.end(row.key, Outcome.SUCCEEDED, None, {"outcome": "succeeded"})
        await process.ledger.told([row.key])

        [again] = await begin(process.ledger, plan, "o")
        await process.submit(again)

        assert again.finished
        assert desk.requests("POST") == 1


@virtually
async def test_an_api_that_cannot_be_reached_is_tried_again(tmp_path: Path) -> None:
    async with Desk(tmp_path) as desk:
        desk.fault("refuse-connection", count=4)
        process = await desk.process()
        row = await process.submit(await process.intend(desk.body))

        assert [row.job_id] == desk.jobs
        assert process.decided.count(Decided.NOT_SENT) == 4


@virtually
async def test_an_api_that_is_never_reached_ends_as_not_sent_after_a_minute_or_two(tmp_path: Path) -> None:
    async with Desk(tmp_path) as desk:
        desk.fault("refuse-connection", count=None)
        process = await desk.process()
        row = await process.submit(await process.intend(desk.body))

        assert ending(row) == (State.ENDED, Outcome.NOT_SENT)
        assert desk.requests("POST") == 15
        assert desk.scene.clock.monotonic() < 150


@virtually
async def test_a_throttle_is_obeyed(tmp_path: Path) -> None:
    async with Desk(tmp_path) as desk:
        desk.fault("status", status=429, retry_after=40, effect=False)
        process = await desk.process()
        row = await process.submit(await process.intend(desk.body))

        assert [row.job_id] == desk.jobs
        assert desk.scene.clock.monotonic() >= 40


@virtually
async def test_a_409_waits_for_the_job_that_holds_the_source(tmp_path: Path) -> None:
    async with Desk(tmp_path, seconds_per_job=100.0) as desk:
        await desk.scene.api.move_leads({**desk.body, "limit": 1})
        process = await desk.process()
        row = await process.submit(await process.intend(desk.body))

        assert row.job_id == desk.jobs[1]
        assert 100 <= desk.scene.clock.monotonic() <= 131
        assert desk.requests("POST") <= 3


@virtually
async def test_a_409_whose_holder_nobody_shows_is_asked_ever_more_rarely(tmp_path: Path) -> None:
    async with Desk(tmp_path) as desk:
        desk.fault("status", status=409, count=None, effect=False)
        process = await desk.process()
        row = await process.submit(await process.intend(desk.body), patience=1800)

        assert ending(row) == (State.ENDED, Outcome.NOT_SENT)
        assert "busy" in str(row.reason)
        assert 50 <= desk.requests("POST") <= 75


@virtually
async def test_after_its_deadline_nothing_is_sent(tmp_path: Path) -> None:
    async with Desk(tmp_path) as desk:
        process = await desk.process()
        row = await process.submit(await process.intend(desk.body), patience=-1)

        assert ending(row) == (State.ENDED, Outcome.NOT_SENT)
        assert desk.requests("POST") == 0


@virtually
async def test_three_lost_requests_are_the_end_of_it(tmp_path: Path) -> None:
    async with Desk(tmp_path) as desk:
        desk.fault("lose-request", count=None)
        process = await desk.process()
        row = await process.submit(await process.intend(desk.body))

        assert ending(row) == (State.ENDED, Outcome.NOT_SENT)
        assert desk.requests("POST") == row.posts == row.unsettled == 3


@virtually
async def test_the_baselines_of_fifty_moves_are_one_get(tmp_path: Path) -> None:
    async with Desk(tmp_path, seconds_per_job=0.0) as desk:
        process = await desk.process()
        rows = [await process.intend(desk.scene.body(1), f"move {n}") for n in range(50)]
        process.submitter.expect(rows)
        sent = [await process.submit(row) for row in rows]

        assert {row.job_id for row in sent} == set(desk.jobs)
        assert (desk.requests("POST"), desk.requests("GET")) == (50, 1)


@virtually
async def test_a_ledger_that_fails_after_the_answer_names_the_job_and_the_next_run_finds_it(tmp_path: Path) -> None:
    async with Desk(tmp_path) as desk:
        process = await desk.process()
        row = await process.intend(desk.body)
        full = "CREATE TRIGGER full BEFORE UPDATE ON moves WHEN NEW.state = 'accepted' BEGIN {} END"
        async with process.ledger.database.writing() as connection:
            await connection.exec_driver_sql(full.format("SELECT RAISE(ABORT, 'database or disk is full');"))
        with pytest.raises(LedgerError, match=r"full.*as job [0-9a-f]{24}"):
            await process.submit(row)
        async with process.ledger.database.writing() as connection:
            await connection.exec_driver_sql("DROP TRIGGER full")
        found = await process.submit(row)

        assert [found.job_id] == desk.jobs
        assert desk.requests("POST") == 1


@virtually
async def test_a_ledger_that_cannot_be_written_lets_nothing_be_sent(tmp_path: Path) -> None:
    async with Desk(tmp_path) as desk:
        process = await desk.process()
        row = await process.intend(desk.body)
        full = "CREATE TRIGGER full BEFORE UPDATE ON moves WHEN NEW.state = 'sending' BEGIN {} END"
        async with process.ledger.database.writing() as connection:
            await connection.exec_driver_sql(full.format("SELECT RAISE(ABORT, 'database or disk is full');"))

        with pytest.raises(LedgerError, match="full"):
            await process.submit(row)
        assert desk.requests("POST") == 0
