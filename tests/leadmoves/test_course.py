"""The course of one move in virtual time: its clock, its tally, its report, and what the ledger keeps of it."""

from pathlib import Path

import pytest

from leadmoves.course import Course
from leadmoves.errors import LeaseLost
from leadmoves.ledger import State
from tests.leadmoves.office import office, open_ledger
from tests.leadmoves.scene import virtually


@virtually
async def test_from_submit_to_conclusion_every_request_is_counted_once(tmp_path: Path) -> None:
    async with office(tmp_path) as here:
        here.scene.sandbox.workspace.add_account("ana@example.com")
        warmup = {"enable_warmup": {"emails": ["ana@example.com"]}}
        course = await here.course(here.move(on_success=warmup))

        await course.submit()
        report = course.report(await course.ending())
        report = report.model_copy(update={"verified": await course.verify(), "warmup": await course.warm_up()})
        report = await course.conclude(report)

        assert (report.outcome, report.moved_leads, report.good) == ("succeeded", 3, True)
        assert report.verified
        assert (report.verified.checked, report.verified.wrong) == (3, 0)
        assert (report.requests["submit"], sum(report.requests.values())) == (1, here.asked())
        assert (report.decisions["sending"], report.decisions["accepted"]) == (1, 1)


@virtually
async def test_what_is_over_is_told_from_the_ledger_and_its_places_are_free(tmp_path: Path) -> None:
    async with office(tmp_path) as here:
        move = here.move()
        course = await here.course(move)
        assert course.finished is None
        await course.submit()
        report = await course.conclude(course.report(await course.ending()))

        again = await here.course(move)
        other = await here.course(move, "tomorrow")

        assert again.finished == report
        assert await here.desk.ledger.hold(other.row) is None  # nobody holds its source or destination


@virtually
async def test_the_deadline_counts_from_its_start_and_the_report_can_be_taken_up_later(tmp_path: Path) -> None:
    async with office(tmp_path) as here:
        here.script(duration=400)
        course = await here.course(here.move(deadline="PT5M"))
        await here.scene.clock.sleep(250)  # it waited its turn in a plan
        course.start()

        await course.submit()
        left = await course.conclude(course.report(await course.ending()))
        waited = here.desk.clock.monotonic()
        [row] = await here.desk.ledger.unfinished()
        resumed = Course(here.desk, row)
        await resumed.submit()
        report = await resumed.conclude(resumed.report(await resumed.ending()))

        assert (left.outcome, 549 < waited < 552) == ("still-running", True)
        assert (row.state, report.outcome, report.requests["submit"]) == (State.ACCEPTED, "succeeded", 0)
        assert here.asked("POST /api/v2/leads/move") == 1


@virtually
async def test_nobody_asked_for_a_sample_or_a_warmup(tmp_path: Path) -> None:
    async with office(tmp_path) as here:
        course = await here.course(here.move())
        unsampled = Course(here.desk, course.row, verified=False)

        assert (await unsampled.verify(), await course.warm_up()) == (None, None)
        assert here.asked() == 0


@virtually
async def test_more_leads_than_expected_are_counted_and_held_back(tmp_path: Path) -> None:
    async with office(tmp_path) as here:
        request = here.scene.body(250)
        move = {"name": "all", "request": request, "whole_source": True, "expect": {"at_most": 249}}
        course = await here.course(move)

        await course.submit()
        report = await course.conclude(course.report(await course.ending()))

        assert (report.outcome, report.job_ids) == ("not-sent", ())
        assert report.reason == "would move more than the 249 leads expected at most; nothing was sent"
        assert here.asked("POST /api/v2/leads/move") == 0


@virtually
async def test_leads_that_cannot_be_counted_are_not_sent(tmp_path: Path) -> None:
    async with office(tmp_path) as here:
        here.fault("status", "/api/v2/leads/list", status=403)
        request = here.scene.body(5)
        move = {"name": "all", "request": request, "whole_source": True, "expect": {"at_most": 10}}
        course = await here.course(move)

        await course.submit()
        ending = await course.ending()

        assert ending.outcome == "not-sent"
        assert "could not be counted" in (ending.reason or "")
        assert here.asked("POST /api/v2/leads/move") == 0


@virtually
async def test_whoever_was_taken_over_concludes_nothing(tmp_path: Path) -> None:
    async with office(tmp_path) as here:
        course = await here.course(here.move())
        await course.submit()
        report = course.report(await course.ending())
        await here.scene.clock.sleep(21)  # suspended for longer than the lease
        other = await open_ledger(tmp_path, here.scene)
        assert await other.take(course.row.key)

        with pytest.raises(LeaseLost):
            await course.conclude(report)

        row = await other.row(course.row.key)
        assert row
        assert row.state is State.ACCEPTED
        await other.close()
