"""Decisions as a listener hears them: what was decided, in order, as data."""

from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from leadmoves.clock import VIRTUAL_EPOCH
from leadmoves.decisions import Counted, Decided, Decision, nobody
from tests.leadmoves.scene import virtually
from tests.leadmoves.submit.desk import Desk


@virtually
async def test_an_undisturbed_move_is_told_in_the_order_of_the_list(tmp_path: Path) -> None:
    async with Desk(tmp_path) as desk:
        process = await desk.process()
        row = await process.submit(await process.intend(desk.body))

        order = [decided for decided in Decided if decided in process.decided]
        assert process.decided == order
        assert order[0] is Decided.INTENDED
        assert order[-1] is Decided.ACCEPTED
        assert {(said.key, said.name) for said in process.heard} == {(row.key, "m")}
        assert process.heard[-1].details == {"job": row.job_id}
        assert all(said.at >= VIRTUAL_EPOCH for said in process.heard)


def test_a_decision_is_frozen_and_nobody_minds_it() -> None:
    decision = Decision(Decided.ADOPTED, "k", "m", 0.0)

    nobody(decision)
    with pytest.raises(FrozenInstanceError):
        decision.key = "other"  # type: ignore[misc]


def test_decisions_are_counted_a_move_and_handed_on() -> None:
    heard: list[Decision] = []
    counted = Counted(heard.append)

    for decided in (Decided.INTENDED, Decided.LOOKED, Decided.LOOKED):
        counted(Decision(decided, "k", "m", 0.0))
    counted(Decision(Decided.INTENDED, "other", "m", 0.0))

    assert counted.pop("k") == {"intended": 1, "looked": 2}
    assert (counted.pop("k"), len(heard)) == ({}, 4)
