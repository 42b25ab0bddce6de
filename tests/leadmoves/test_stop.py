"""A person stops a run: what is not sent stays unsent until somebody asks again."""

from pathlib import Path

import pytest

from leadmoves.begin import begin
from leadmoves.errors import LeaseLost
from leadmoves.jobs import Outcome
from leadmoves.ledger import Ledger, State
from leadmoves.ledger.baseline import Baseline
from leadmoves.plan import Plan, check_plan
from leadmoves.stop import stop
from tests.leadmoves.office import office
from tests.leadmoves.scene import virtually

A, B = "6a1c0f3e-0d5b-4c55-9f0a-2b8f6c1d7e90", "77b0c2d4-3e1f-4a6b-8c9d-0e1f2a3b4c5d"
PLAN: Plan = check_plan(
    {"moves": [{"name": n, "request": {"list_id": A, "to_campaign_id": B, "limit": 5}} for n in ("sent", "unsent")]}
)


async def half_sent(ledger: Ledger, flow_run: str = "run") -> tuple[str, str]:
    sent, unsent = await begin(ledger, PLAN, "today", flow_run)
    await ledger.hold(sent)
    assert await ledger.sending(sent, Baseline(), 60)
    return sent.key, unsent.key


@virtually
async def test_what_may_have_been_sent_stays_open_and_the_rest_ends_as_not_sent(tmp_path: Path) -> None:
    async with office(tmp_path) as here:
        ledger = here.desk.ledger
        sent, unsent = await half_sent(ledger)

        [report] = await stop(ledger, flow_run="run")

        rows = await ledger.rows([sent, unsent])
        assert (report.key, report.outcome) == (unsent, Outcome.NOT_SENT)
        assert [row.key for row in await ledger.unfinished()] == [sent]
        assert (rows[unsent].state, rows[unsent].report) == (State.ENDED, report.model_dump(mode="json"))


@virtually
async def test_its_owner_sends_it_no_more_however_alive_it_is(tmp_path: Path) -> None:
    async with office(tmp_path) as here:
        ledger = here.desk.ledger
        _, unsent = await begin(ledger, PLAN, "today")
        await ledger.hold(unsent)
        person = await Ledger.open(here.desk.settings.ledger_url, here.desk.clock)
        await stop(person, occasion="today")
        await person.close()

        with pytest.raises(LeaseLost):
            await ledger.sending(unsent, Baseline(), 60)


@virtually
async def test_asked_for_again_it_is_open_again(tmp_path: Path) -> None:
    async with office(tmp_path) as here:
        ledger = here.desk.ledger
        sent, unsent = await half_sent(ledger)
        await stop(ledger, occasion="today")

        again = await begin(ledger, PLAN, "today")

        assert [(row.key, row.state) for row in again] == [(sent, State.SENDING), (unsent, State.INTENDED)]


@virtually
async def test_the_run_that_carries_it_now_is_the_one_that_stops_it(tmp_path: Path) -> None:
    async with office(tmp_path) as here:
        ledger = here.desk.ledger
        _, unsent = await half_sent(ledger, "first")
        await begin(ledger, PLAN, "today", "second")

        assert await stop(ledger, flow_run="first") == []
        assert [report.key for report in await stop(ledger, flow_run="second")] == [unsent]


@virtually
async def test_other_occasions_and_runs_are_let_alone(tmp_path: Path) -> None:
    async with office(tmp_path) as here:
        ledger = here.desk.ledger
        await half_sent(ledger)

        assert await stop(ledger, occasion="yesterday") == await stop(ledger, flow_run="other") == []
