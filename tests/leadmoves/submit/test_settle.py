from pathlib import Path
from typing import Any

import pytest

from leadmoves.decisions import Decided
from leadmoves.jobs import Outcome
from leadmoves.ledger import Row, State
from leadmoves.ledger.doubt import adopt, send_again
from tests.leadmoves.scene import virtually
from tests.leadmoves.submit.desk import JOBS, SETTLE, Desk, Process


async def submitted(desk: Desk) -> tuple[Process, Row]:
    process = await desk.process()
    return process, await process.submit(await process.intend(desk.body))


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "lose-answer"},
        {"kind": "hang", "seconds": 1_000.0},
        {"kind": "status", "status": 502, "effect": True},
        {"kind": "html", "status": 200, "effect": True},
        {"kind": "half-body"},
        {"kind": "no-id"},
    ],
    ids=lambda fault: str(fault["kind"]),
)
@virtually
async def test_a_job_whose_answer_was_lost_is_found_and_adopted(tmp_path: Path, fault: dict[str, Any]) -> None:
    async with Desk(tmp_path) as desk:
        desk.fault(**fault)
        _, row = await submitted(desk)

        assert (row.state, [row.job_id], row.adopted) == (State.ACCEPTED, desk.jobs, True)
        assert desk.requests("POST") == 1


@virtually
async def test_a_job_that_the_list_shows_just_within_the_settle_time_is_adopted(tmp_path: Path) -> None:
    async with Desk(tmp_path) as desk:
        desk.fault("lose-answer")
        desk.fault("hide-job", seconds=SETTLE - 0.1)
        _, row = await submitted(desk)

        assert [row.job_id] == desk.jobs
        assert desk.requests("POST") == 1


@virtually
async def test_a_job_that_shows_later_is_found_before_a_second_post_that_had_to_wait(tmp_path: Path) -> None:
    async with Desk(tmp_path) as desk:
        desk.fault("lose-answer")
        desk.fault("hide-job", seconds=SETTLE + 5)
        desk.fault("status", status=429, retry_after=10, effect=False)
        _, row = await submitted(desk)

        assert ([row.job_id], row.adopted) == (desk.jobs, True)
        assert desk.requests("POST") == 2


@virtually
async def test_what_was_not_accepted_is_sent_again(tmp_path: Path) -> None:
    async with Desk(tmp_path) as desk:
        desk.fault("lose-request")
        process, row = await submitted(desk)

        assert ([row.job_id], row.adopted, row.unsettled) == (desk.jobs, False, 1)
        assert Decided.ABSENT in process.decided


@virtually
async def test_last_weeks_job_with_the_same_request_is_not_taken_for_ours(tmp_path: Path) -> None:
    async with Desk(tmp_path) as desk:
        old = desk.foreign_job(desk.body)
        await desk.scene.clock.sleep(7 * 86_400)
        desk.fault("lose-answer")
        _, row = await submitted(desk)

        assert row.job_id == desk.jobs[1] != old


@virtually
async def test_a_job_of_another_move_is_not_taken_for_ours(tmp_path: Path) -> None:
    async with Desk(tmp_path, seconds_per_job=0.5) as desk:
        process = await desk.process()
        mine, theirs = await process.intend(desk.body, "mine"), await process.intend(desk.body, "theirs")
        job = desk.foreign_job(desk.body, listed_from=desk.scene.clock.now() + 5)
        await process.ledger.claim(theirs.key, job)
        desk.fault("lose-answer")
        row = await process.submit(mine)

        assert row.job_id == desk.jobs[1]


@virtually
async def test_of_two_that_match_a_person_decides_and_nobody_sends(tmp_path: Path) -> None:
    async with Desk(tmp_path, seconds_per_job=0.5) as desk:
        stranger = desk.foreign_job(desk.body, listed_from=desk.scene.clock.now() + 2)
        desk.fault("hang", seconds=1_000.0)
        process, row = await submitted(desk)
        asked = desk.scene.requests.copy()
        again = await process.submit(row)

        assert (row.state, row.outcome) == (State.IN_DOUBT, Outcome.IN_DOUBT)
        assert set(row.candidates) == {stranger, desk.jobs[1]}
        assert again.state is State.IN_DOUBT
        assert desk.scene.requests == asked


@virtually
async def test_strangers_that_show_first_do_not_keep_our_own_job_from_the_candidates(tmp_path: Path) -> None:
    async with Desk(tmp_path) as desk:
        soon = desk.scene.clock.now() + 5
        strangers = [desk.foreign_job(desk.body, listed_from=soon) for _ in range(2)]
        desk.fault("lose-answer")
        desk.fault("hide-job", seconds=SETTLE - 1)
        # The list is down until both strangers show, so that neither is taken for ours.
        desk.fault("status", JOBS, status=503, skip=1, count=12)
        _, row = await submitted(desk)

        assert (row.state, set(row.candidates)) == (State.IN_DOUBT, set(desk.jobs))
        assert set(strangers) < set(row.candidates)
        assert desk.requests("POST") == 1


@virtually
async def test_several_that_show_just_before_a_second_post_keep_it_back(tmp_path: Path) -> None:
    async with Desk(tmp_path) as desk:
        late = desk.scene.clock.now() + SETTLE + 5
        strangers = [desk.foreign_job(desk.body, listed_from=late) for _ in range(2)]
        desk.fault("lose-request")
        desk.fault("status", status=429, retry_after=10, effect=False)
        _, row = await submitted(desk)

        assert (row.state, set(row.candidates)) == (State.IN_DOUBT, set(strangers))
        assert desk.requests("POST") == 2


@pytest.mark.parametrize("echo", [{}, {"workspace": "w"}], ids=["no echo", "more than our request"])
@virtually
async def test_a_job_that_may_be_ours_but_does_not_say_so_is_a_doubt(tmp_path: Path, echo: dict[str, str]) -> None:
    async with Desk(tmp_path) as desk:
        filters = {**desk.body, **echo} if echo else {}
        odd = desk.foreign_job(filters, listed_from=desk.scene.clock.now() + 20)
        desk.fault("lose-request")
        _, row = await submitted(desk)

        assert (row.state, row.candidates) == (State.IN_DOUBT, (odd,))
        assert desk.requests("POST") == 1


@virtually
async def test_a_strangers_job_with_another_request_is_no_doubt(tmp_path: Path) -> None:
    async with Desk(tmp_path) as desk:
        desk.foreign_job({**desk.body, "limit": 1}, listed_from=desk.scene.clock.now() + 20)
        desk.fault("lose-request")
        _, row = await submitted(desk)

        assert (row.state, row.job_id) == (State.ACCEPTED, desk.jobs[1])


@virtually
async def test_a_list_that_cannot_be_read_leaves_a_doubt_that_the_next_resume_settles(tmp_path: Path) -> None:
    async with Desk(tmp_path) as desk:
        desk.fault("lose-answer")
        desk.fault("status", path=JOBS, status=503, skip=1, count=None, effect=False)
        process = await desk.process()
        left = await process.submit(await process.intend(desk.body), patience=300)
        desk.scene.sandbox.faults.clear()
        row = await process.submit(left)

        assert (left.state, left.outcome) == (State.SENDING, Outcome.IN_DOUBT)
        assert (row.state, row.outcome, [row.job_id]) == (State.ACCEPTED, None, desk.jobs)
        assert desk.requests("POST") == 1


async def doubtful(desk: Desk) -> tuple[Process, Row, str]:
    """Two strangers' jobs, and a request of ours that never arrived."""
    for _ in range(2):
        desk.foreign_job(desk.body, listed_from=desk.scene.clock.now() + 2)
    desk.fault("hang", seconds=1_000.0, effect=False)
    process, row = await submitted(desk)
    await process.ledger.let_go()
    assert row.state is State.IN_DOUBT
    return process, row, desk.jobs[0]


@virtually
async def test_a_job_that_a_person_names_is_ours_without_another_post(tmp_path: Path) -> None:
    async with Desk(tmp_path) as desk:
        process, row, job = await doubtful(desk)
        await adopt((await desk.process()).ledger, row.key, job)
        resumed = await process.submit(row)

        assert (resumed.state, resumed.job_id, resumed.adopted) == (State.ACCEPTED, job, True)
        assert desk.requests("POST") == 1


@virtually
async def test_where_a_person_says_that_none_is_ours_it_is_sent_once_more(tmp_path: Path) -> None:
    async with Desk(tmp_path) as desk:
        process, row, _ = await doubtful(desk)
        await send_again((await desk.process()).ledger, row.key)
        desk.fault("lose-answer")
        resumed = await process.submit(row)

        assert (resumed.job_id, resumed.adopted) == (desk.jobs[2], True)
        assert desk.requests("POST") == 2
