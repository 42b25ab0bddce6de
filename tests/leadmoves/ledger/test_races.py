"""Many processes at one ledger, and processes that come too late."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from leadmoves.errors import InvalidInput, LeaseLost
from leadmoves.jobs import Outcome
from leadmoves.ledger import Intent, Kind, Ledger, Row, State
from leadmoves.ledger.baseline import Baseline
from leadmoves.ledger.doubt import adopt, send_again
from tests.leadmoves.ledger.hands import Hands

CROWD = 6


@asynccontextmanager
async def crowd(url: str, clock: Hands, many: int = CROWD) -> AsyncIterator[list[Ledger]]:
    async with AsyncExitStack() as stack:
        ledgers = []
        for number in range(many):
            ledgers.append(await Ledger.open(url, clock, 20.0, owner=f"process {number}"))
            stack.push_async_callback(ledgers[-1].close)
        yield ledgers


def intent(name: str, *resources: str) -> Intent:
    return Intent(Kind.MOVE, name, "o", "f" * 64, {"list_id": "s"}, source="s", resources=resources or ("s", "d"))


async def intended(ledger: Ledger, *intents: Intent) -> list[Row]:
    rows = await ledger.intend(intents)
    return [rows[one.key] for one in intents]


async def sending(ledger: Ledger, name: str = "m") -> Row:
    [row] = await intended(ledger, intent(name))
    assert await ledger.hold(row) is None
    marked = await ledger.sending(row, Baseline(), 90.0)
    assert marked
    return marked


async def test_of_many_that_intend_the_same_at_once_one_writes_it(url: str, clock: Hands) -> None:
    async with crowd(url, clock) as ledgers:
        plan = [intent(f"m{n}") for n in range(20)]
        found = await asyncio.gather(*(ledger.intend(plan) for ledger in ledgers))

    owners = {row.owner for rows in found for row in rows.values()}
    assert len(owners) == 1
    assert all(rows == found[0] for rows in found)


async def test_of_many_that_take_a_dead_owners_row_one_gets_it(url: str, clock: Hands) -> None:
    async with crowd(url, clock) as ledgers:
        [row] = await intended(ledgers[0], intent("m"))
        clock.at += 21.0
        taken = await asyncio.gather(*(ledger.take(row.key) for ledger in ledgers[1:]))

    assert len([one for one in taken if one]) == 1


async def test_of_many_that_hold_the_same_resources_in_any_order_one_gets_them(url: str, clock: Hands) -> None:
    async with crowd(url, clock) as ledgers:
        for round_ in range(5):
            pair = ("a", "b")
            rows = [
                (await intended(ledger, intent(f"{round_} {n}", *(pair if n % 2 else pair[::-1]))))[0]
                for n, ledger in enumerate(ledgers)
            ]
            holders = await asyncio.gather(*(ledger.hold(row) for ledger, row in zip(ledgers, rows, strict=True)))
            [winner] = [row.key for row, holder in zip(rows, holders, strict=True) if holder is None]

            assert {holder for holder in holders if holder} == {winner}
            for ledger, row in zip(ledgers, rows, strict=True):
                await ledger.release(row.key)


async def test_of_many_that_claim_one_job_one_gets_it(url: str, clock: Hands) -> None:
    async with crowd(url, clock) as ledgers:
        rows = [(await intended(ledger, intent(f"m{n}", f"s{n}")))[0] for n, ledger in enumerate(ledgers)]
        claimed = await asyncio.gather(*(lgr.claim(row.key, "j") for lgr, row in zip(ledgers, rows, strict=True)))

    assert len([one for one in claimed if one]) == 1


async def test_many_that_renew_tell_and_let_go_at_once_do_not_wait_for_each_other(url: str, clock: Hands) -> None:
    async with crowd(url, clock) as ledgers:
        plan = [intent(f"m{n}", f"s{n}") for n in range(30)]
        await ledgers[0].intend(plan)
        keys = [one.key for one in plan]

        def busy(ledger: Ledger, order: Sequence[str]) -> list[asyncio.Future[None]]:
            return [asyncio.ensure_future(work) for work in (ledger.renew(), ledger.told(order), ledger.let_go())]

        some = [work for n, ledger in enumerate(ledgers) for work in busy(ledger, keys[:: 1 if n % 2 else -1])]
        await asyncio.wait_for(asyncio.gather(*some), 10)


async def test_a_row_says_sending_once_however_many_believe_that_it_is_intended(url: str, clock: Hands) -> None:
    async with crowd(url, clock, 1) as [ledger]:
        [row] = await intended(ledger, intent("m"))
        await ledger.hold(row)
        assert await ledger.sending(row, Baseline(), 90.0)

        with pytest.raises(LeaseLost, match="it is sending"):
            await ledger.sending(row, Baseline(), 90.0)


async def test_who_lost_the_source_while_it_slept_does_not_send(url: str, clock: Hands) -> None:
    async with crowd(url, clock, 2) as [sleeper, other]:
        [mine] = await intended(sleeper, intent("mine"))
        await sleeper.hold(mine)
        clock.at += 30.0
        [theirs] = await intended(other, intent("theirs"))
        assert await other.hold(theirs) is None

        assert await sleeper.sending(mine, Baseline(), 90.0) is None
        assert await sleeper.hold(mine) == theirs.key


async def test_who_slept_for_longer_than_the_lease_goes_on_where_nobody_took_over(url: str, clock: Hands) -> None:
    async with crowd(url, clock, 1) as [ledger]:
        row = await sending(ledger)
        clock.at += 1_000.0

        assert await ledger.claim(row.key, "j")


async def test_a_clean_exit_keeps_the_source_of_a_move_in_doubt_but_of_no_other(url: str, clock: Hands) -> None:
    async with crowd(url, clock, 2) as [ledger, other]:
        await sending(ledger)
        [known] = await intended(ledger, intent("known", "s2"))
        await ledger.hold(known)
        await ledger.let_go()
        doubted, free = await intended(other, intent("same"), intent("free", "s2"))

        assert await other.hold(doubted) is not None
        assert await other.hold(free) is None
        assert await other.take(known.key)


async def test_a_resumed_doubt_keeps_the_longer_time_that_it_holds_its_source(url: str, clock: Hands) -> None:
    async with crowd(url, clock, 3) as [dead, heir, other]:
        row = await sending(dead)
        clock.at += 25.0
        assert await heir.take(row.key)
        assert await heir.hold(row) is None
        clock.at += 60.0  # the heir died as well
        [waits] = await intended(other, intent("waits"))

        assert await other.hold(waits) == row.key


@pytest.mark.parametrize("outcome", [Outcome.REFUSED, Outcome.NOT_SENT])
async def test_what_may_have_been_sent_cannot_end_as_if_it_was_not(
    url: str, clock: Hands, outcome: Outcome
) -> None:
    async with crowd(url, clock, 1) as [ledger]:
        row = await sending(ledger)
        with pytest.raises(LeaseLost):
            await ledger.end(row.key, outcome, None, {})
        await ledger.claim(row.key, "j")
        await ledger.end(row.key, Outcome.SUCCEEDED, None, {})
        with pytest.raises(LeaseLost):
            await ledger.end(row.key, outcome, None, {})
        kept = await ledger.row(row.key)

    assert kept
    assert (kept.state, kept.outcome) == (State.ENDED, Outcome.SUCCEEDED)


async def test_an_open_outcome_leaves_the_row_open_and_does_not_open_what_ended(url: str, clock: Hands) -> None:
    async with crowd(url, clock, 1) as [ledger]:
        row = await sending(ledger)
        await ledger.claim(row.key, "j")
        running = await ledger.end(row.key, Outcome.STILL_RUNNING, "goes on", {})
        await ledger.end(row.key, Outcome.SUCCEEDED, None, {})

        assert running.state is State.ACCEPTED
        with pytest.raises(LeaseLost):
            await ledger.end(row.key, Outcome.STILL_RUNNING, "late", {})


async def test_of_two_that_open_a_refused_move_again_one_does(url: str, clock: Hands) -> None:
    async with crowd(url, clock, 2) as [one, other]:
        [row] = await intended(one, intent("m"))
        await one.end(row.key, Outcome.REFUSED, "403", {})
        assert await one.reopen(row.key) is None  # nobody was told
        await one.told([row.key])
        await one.let_go()

        opened = [await ledger.reopen(row.key) for ledger in (one, other)]

        assert [bool(row) for row in opened] == [True, False]
        assert opened[0]
        assert (opened[0].state, opened[0].outcome, opened[0].told_at) == (State.INTENDED, None, None)


async def in_doubt(ledger: Ledger) -> Row:
    row = await sending(ledger)
    return await ledger.write(
        row.key, state=State.IN_DOUBT, outcome=Outcome.IN_DOUBT, candidates=["j1", "j2"], reason="two"
    )


async def test_a_person_does_not_decide_while_a_live_process_looks(url: str, clock: Hands) -> None:
    async with crowd(url, clock, 2) as [ledger, person]:
        row = await in_doubt(ledger)

        for decision in (adopt(person, row.key, "j1"), send_again(person, row.key)):
            with pytest.raises(LeaseLost, match="still works"):
                await decision


async def test_a_person_cannot_give_a_move_the_job_of_another(url: str, clock: Hands) -> None:
    async with crowd(url, clock, 2) as [ledger, person]:
        [other] = await intended(ledger, intent("other", "elsewhere"))
        await ledger.claim(other.key, "j1")
        row = await in_doubt(ledger)
        await ledger.let_go()

        with pytest.raises(InvalidInput, match="belongs to another move"):
            await adopt(person, row.key, "j1")
        assert (await adopt(person, row.key, "j2")).job_id == "j2"


async def test_what_a_person_decided_any_process_may_carry_out_at_once(url: str, clock: Hands) -> None:
    async with crowd(url, clock, 3) as [ledger, person, heir]:
        row = await in_doubt(ledger)
        await ledger.let_go()
        await send_again(person, row.key)
        taken = await heir.take(row.key)

    assert taken
    assert (taken.state, taken.outcome, taken.candidates, taken.unsettled) == (State.INTENDED, None, (), 1)
    assert taken.baseline == Baseline(ids=frozenset({"j1", "j2"}))
