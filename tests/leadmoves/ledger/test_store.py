from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from leadmoves.errors import InvalidInput, LeaseLost
from leadmoves.jobs import Outcome
from leadmoves.ledger import Intent, Kind, Ledger, Row, State, key_of
from leadmoves.ledger.baseline import Baseline
from leadmoves.ledger.doubt import adopt, send_again
from tests.leadmoves.ledger.hands import Hands


@asynccontextmanager
async def opened(url: str, clock: Hands, owner: str = "one") -> AsyncIterator[Ledger]:
    ledger = await Ledger.open(url, clock, 20.0, owner=owner)
    try:
        yield ledger
    finally:
        await ledger.close()


def intent(name: str = "m", source: str = "list-1", to: str = "campaign-1", occasion: str = "o") -> Intent:
    body = {"list_id": source, "to_campaign_id": to}
    return Intent(Kind.MOVE, name, occasion, "f" * 64, body, source=source, resources=(source, to))


async def intended(ledger: Ledger, *intents: Intent) -> list[Row]:
    rows = await ledger.intend(intents)
    return [rows[one.key] for one in intents]


async def in_doubt(ledger: Ledger, *candidates: str) -> Row:
    [row] = await intended(ledger, intent())
    await ledger.hold(row)
    await ledger.sending(row, Baseline(), 90.0)
    await ledger.write(
        row.key, State.SENDING, state=State.IN_DOUBT, outcome=Outcome.IN_DOUBT, candidates=list(candidates)
    )
    await ledger.let_go()
    return row


def test_a_key_depends_on_name_request_and_occasion() -> None:
    keys = {key_of("a", "f", "o"), key_of("b", "f", "o"), key_of("a", "g", "o"), key_of("a", "f", "p")}

    assert len(keys) == 4
    assert key_of("a", "f", "o") == key_of("a", "f", "o")


async def test_what_was_intended_once_stays_as_it_was(url: str, clock: Hands) -> None:
    async with opened(url, clock) as ledger, opened(url, clock, "two") as other:
        [first] = await intended(ledger, intent())
        [again] = await intended(other, intent())

    assert again == first
    assert again.owner == "one"


async def test_a_live_owners_row_is_left_to_it_and_a_dead_ones_is_taken_over_within_the_lease(
    url: str, clock: Hands
) -> None:
    async with opened(url, clock) as ledger, opened(url, clock, "two") as other:
        [row] = await intended(ledger, intent())
        clock.at += 19.0
        assert await other.take(row.key) is None
        await ledger.renew()
        clock.at += 19.0
        assert await other.take(row.key) is None
        clock.at += 2.0

        assert await other.take(row.key) is not None
        with pytest.raises(LeaseLost):
            await ledger.write(row.key, State.INTENDED, reason="late")


async def test_one_writer_a_source_and_a_destination(url: str, clock: Hands) -> None:
    async with opened(url, clock) as ledger, opened(url, clock, "two") as other:
        [mine] = await intended(ledger, intent("a"))
        same_source, same_destination, neither = await intended(
            other, intent("b", to="campaign-2"), intent("c", source="list-2"), intent("d", "list-3", "campaign-3")
        )
        assert await ledger.hold(mine) is None

        assert await other.hold(same_source) == mine.key
        assert await other.hold(same_destination) == mine.key
        assert await other.hold(neither) is None
        await ledger.release(mine.key)
        assert await other.hold(same_source) is None


async def test_a_move_whose_fate_is_unknown_keeps_its_source_after_its_owner_died(url: str, clock: Hands) -> None:
    async with opened(url, clock) as ledger, opened(url, clock, "two") as other:
        [mine] = await intended(ledger, intent("a"))
        [waits] = await intended(other, intent("b"))
        await ledger.hold(mine)
        await ledger.sending(mine, Baseline(), 90.0)
        clock.at += 80.0  # four leases

        assert await other.hold(waits) == mine.key
        clock.at += 11.0
        assert await other.hold(waits) is None


async def test_a_job_is_claimed_by_one_row_only(url: str, clock: Hands) -> None:
    async with opened(url, clock) as ledger:
        a, b = await intended(ledger, intent("a"), intent("b", "list-2", "campaign-2"))
        for row in (a, b):
            await ledger.hold(row)
            await ledger.sending(row, Baseline(), 90.0)

        assert await ledger.claim(a.key, "j1") is not None
        assert await ledger.claim(b.key, "j1") is None
        assert await ledger.claimed(["j1", "j2"]) == {"j1"}


async def test_only_what_ended_counts_as_told(url: str, clock: Hands) -> None:
    async with opened(url, clock) as ledger:
        a, b = await intended(ledger, intent("a"), intent("b", "list-2", "campaign-2"))
        await ledger.end(a.key, Outcome.SUCCEEDED, None, {})
        await ledger.end(b.key, Outcome.STILL_RUNNING, "goes on", {})
        assert len(await ledger.unfinished()) == 2

        await ledger.told([a.key, b.key])

        assert [row.key for row in await ledger.unfinished()] == [b.key]


async def test_forgetting_spares_what_is_unfinished(url: str, clock: Hands) -> None:
    async with opened(url, clock) as ledger:
        a, b = await intended(ledger, intent("a"), intent("b", "list-2", "campaign-2"))
        await ledger.end(a.key, Outcome.SUCCEEDED, None, {})
        await ledger.told([a.key])
        clock.at += 100.0

        assert await ledger.forget(clock.at) == 1
        assert await ledger.row(a.key) is None
        assert await ledger.row(b.key) is not None


async def test_a_person_adopts_a_candidate(url: str, clock: Hands) -> None:
    async with opened(url, clock) as ledger, opened(url, clock, "person") as person:
        row = await in_doubt(ledger, "j1", "j2")

        adopted = await adopt(person, row.key, "j2")

    assert (adopted.state, adopted.job_id, adopted.adopted) == (State.ACCEPTED, "j2", True)


async def test_a_person_says_that_none_is_ours_and_no_candidate_is_taken_for_it(url: str, clock: Hands) -> None:
    async with opened(url, clock) as ledger, opened(url, clock, "person") as person:
        row = await in_doubt(ledger, "j1", "j2")

        again = await send_again(person, row.key)

    assert again.state is State.INTENDED
    assert again.baseline
    assert again.baseline.ids >= {"j1", "j2"}


async def test_nobody_decides_about_a_move_that_is_not_in_doubt(url: str, clock: Hands) -> None:
    async with opened(url, clock) as ledger:
        [row] = await intended(ledger, intent())

        with pytest.raises(InvalidInput, match="not in doubt"):
            await send_again(ledger, row.key)
        with pytest.raises(InvalidInput, match="no move nowhere"):
            await adopt(ledger, "nowhere", "j1")
