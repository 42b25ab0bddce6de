"""From a plan to rows: written once an occasion, unfinished until somebody was told."""

from pathlib import Path
from typing import Any

import pytest

from leadmoves.begin import begin, intent_of, move_of, new_occasion, unfinished_occasions
from leadmoves.jobs import Outcome
from leadmoves.ledger import Ledger, Row, State
from leadmoves.plan import Plan, check_plan
from tests.leadmoves.office import office
from tests.leadmoves.scene import virtually

A, B = "6a1c0f3e-0d5b-4c55-9f0a-2b8f6c1d7e90", "77b0c2d4-3e1f-4a6b-8c9d-0e1f2a3b4c5d"


def plan(*names: str, **more: Any) -> Plan:
    request = {"list_id": A, "to_campaign_id": B, "limit": 5}
    return check_plan({"moves": [{"name": name, "request": request} | more for name in names or ("top-up",)]})


async def ended(ledger: Ledger, row: Row, outcome: Outcome) -> Row:
    return await ledger.end(row.key, outcome, "why", {"outcome": outcome})


@virtually
async def test_a_row_holds_all_that_a_later_process_needs(tmp_path: Path) -> None:
    wanted = plan(
        expect={"at_least": 1, "at_most": 5},
        deadline="PT90S",
        on_success={"enable_warmup": {"emails": ["ana@example.com"]}},
        notify=["custom-webhook/ops"],
    )
    async with office(tmp_path) as here:
        [row] = await begin(here.desk.ledger, wanted, "today")

    assert move_of(row) == wanted.moves[0]
    assert (row.source, row.resources, row.state) == (A, (A, B), State.INTENDED)


@virtually
async def test_rows_come_in_the_plans_order_and_an_occasions_rows_are_written_once(tmp_path: Path) -> None:
    async with office(tmp_path) as here:
        ledger = here.desk.ledger
        first = await begin(ledger, plan("c", "a", "b"), "today")
        again = await begin(ledger, plan("c", "a", "b"), "today")

        assert [row.name for row in first] == ["c", "a", "b"]
        assert [row.key for row in again] == [row.key for row in first]
        assert len(await ledger.newest()) == 3
        assert {row.key for row in await begin(ledger, plan("a"), "tomorrow")}.isdisjoint(row.key for row in first)


@pytest.mark.parametrize("outcome", [Outcome.REFUSED, Outcome.NOT_SENT])
@pytest.mark.parametrize("told", [True, False])
def test_only_what_was_never_accepted_and_was_told_is_opened_again(
    tmp_path: Path, outcome: Outcome, *, told: bool
) -> None:
    @virtually
    async def again() -> Row:
        async with office(tmp_path) as here:
            ledger = here.desk.ledger
            [row] = await begin(ledger, plan(), "today")
            await ended(ledger, row, outcome)
            if told:
                await ledger.told([row.key])
            [row] = await begin(ledger, plan(), "today")
            return row

    row = again()

    assert (row.state, row.report is None) == ((State.INTENDED, True) if told else (State.ENDED, False))


@virtually
async def test_a_job_that_failed_is_never_opened_again(tmp_path: Path) -> None:
    async with office(tmp_path) as here:
        ledger = here.desk.ledger
        [row] = await begin(ledger, plan(), "today")
        await ended(ledger, row, Outcome.FAILED)
        await ledger.told([row.key])

        [row] = await begin(ledger, plan(), "today")

        assert (row.state, row.outcome) == (State.ENDED, Outcome.FAILED)


@virtually
async def test_an_occasion_is_unfinished_until_a_person_was_told_its_end(tmp_path: Path) -> None:
    async with office(tmp_path) as here:
        ledger, wanted = here.desk.ledger, plan()
        for occasion in ("monday", "tuesday"):
            await begin(ledger, wanted, occasion)
            await here.scene.clock.sleep(60)

        assert await unfinished_occasions(ledger, wanted.moves) == ["monday", "tuesday"]
        assert await unfinished_occasions(ledger, plan("another").moves) == []

        [monday] = await begin(ledger, wanted, "monday")
        await ended(ledger, monday, Outcome.SUCCEEDED)
        assert await unfinished_occasions(ledger, wanted.moves) == ["monday", "tuesday"]
        await ledger.told([monday.key])
        assert await unfinished_occasions(ledger, wanted.moves) == ["tuesday"]


@virtually
async def test_what_still_runs_stays_unfinished_though_it_was_told(tmp_path: Path) -> None:
    async with office(tmp_path) as here:
        ledger, wanted = here.desk.ledger, plan()
        [row] = await begin(ledger, wanted, "today")
        await ended(ledger, row, Outcome.STILL_RUNNING)
        await ledger.told([row.key])

        assert await unfinished_occasions(ledger, wanted.moves) == ["today"]


def test_the_same_request_written_otherwise_has_the_same_key() -> None:
    request = {"limit": 5, "to_campaign_id": B.upper(), "list_id": A.upper()}
    other = check_plan({"moves": [{"name": "top-up", "request": request, "deadline": "PT1M"}]})

    assert intent_of(other.moves[0], "today").key == intent_of(plan().moves[0], "today").key


def test_a_new_occasion_is_nobody_elses() -> None:
    assert len({new_occasion() for _ in range(100)}) == 100
