"""Warmup in virtual time: cut, sent once an occasion, every account told that stays cold."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from leadmoves.api.tally import Tally
from leadmoves.outcome.report import WarmupReport
from leadmoves.plan import WarmupRequest
from leadmoves.warmup.warming import warm_up
from tests.leadmoves.office import Office, office
from tests.leadmoves.scene import virtually

ENABLE = "/api/v2/accounts/warmup/enable"


def with_accounts(here: Office, count: int, warmup_status: int = 0) -> list[str]:
    emails = [f"sender{n}@example.com" for n in range(count)]
    for email in emails:
        here.scene.sandbox.workspace.add_account(email, warmup_status)
    return emails


async def warmed(here: Office, emails: list[str], occasion: str = "today", patience: float = 3600) -> WarmupReport:
    deadline = here.desk.clock.monotonic() + patience
    request = WarmupRequest(emails=tuple(emails))
    return await warm_up(here.desk, request, occasion=occasion, tally=Tally(), deadline=deadline)


@virtually
async def test_250_addresses_are_three_requests_of_at_most_100_one_after_another(tmp_path: Path) -> None:
    async with office(tmp_path) as here:
        report = await warmed(here, with_accounts(here, 250))

        sizes = [len(job.filters["emails"]) for job in here.scene.sandbox.jobs.by_id.values()]
        assert (report.outcome, report.warmed, report.not_warmed) == ("succeeded", 250, ())
        assert sizes == [100, 100, 50]
        assert here.asked(f"POST {ENABLE}") == 3  # the API answers 409 to a second one beside the first


@virtually
async def test_the_same_warmup_on_the_same_occasion_is_one_job_whoever_asks(tmp_path: Path) -> None:
    async with office(tmp_path) as here:
        emails = with_accounts(here, 2)

        one, other = await asyncio.gather(warmed(here, emails), warmed(here, emails[::-1]))
        asked = here.asked()
        later = await warmed(here, emails)

        assert one == other == later
        assert (here.asked(f"POST {ENABLE}"), here.asked()) == (1, asked)
        await warmed(here, emails, occasion="tomorrow")
        assert here.asked(f"POST {ENABLE}") == 2


@pytest.mark.parametrize(
    ("status", "why"),
    [
        (0, "warmup is paused"),
        (-1, "warmup is banned"),
        (-2, "spam folder unknown"),
        (-3, "suspended for good"),
        (7, "warmup_status is 7"),
    ],
)
def test_an_account_that_stays_cold_is_told_though_the_job_succeeded(tmp_path: Path, status: int, why: str) -> None:
    @virtually
    async def tell() -> WarmupReport:
        async with office(tmp_path) as here:
            here.script(ENABLE, outcome="moves-nothing")  # success, says the job, and did nothing
            return await warmed(here, with_accounts(here, 1, status))

    report = tell()

    assert (report.outcome, report.warmed, report.not_warmed) == ("failed", 0, ("sender0@example.com",))
    assert report.why == {"sender0@example.com": why}


@virtually
async def test_one_account_of_many_that_the_api_does_not_know_makes_it_short(tmp_path: Path) -> None:
    async with office(tmp_path) as here:
        report = await warmed(here, [*with_accounts(here, 150), "nobody@example.com"])

        assert (report.outcome, report.warmed) == ("short", 150)
        assert report.why == {"nobody@example.com": "Account not found"}


@virtually
async def test_where_one_part_fails_and_another_warms_the_whole_is_short(tmp_path: Path) -> None:
    async with office(tmp_path) as here:
        here.script(ENABLE)
        here.script(ENABLE, outcome="failed", duration=1)

        report = await warmed(here, with_accounts(here, 120))

        assert (report.outcome, report.warmed, len(report.not_warmed)) == ("short", 100, 20)
        assert report.job_id in report.why


@virtually
async def test_at_the_deadline_the_job_goes_on_and_nobody_counts_as_warm(tmp_path: Path) -> None:
    async with office(tmp_path) as here:
        here.script(ENABLE, duration=7200)

        report = await warmed(here, with_accounts(here, 2), patience=60)

        assert (report.outcome, report.warmed, len(report.not_warmed)) == ("still-running", 0, 2)
        assert all("goes on" in why for why in report.why.values())


@virtually
async def test_a_refused_warmup_says_why_of_every_account(tmp_path: Path) -> None:
    async with office(tmp_path) as here:
        here.fault("status", ENABLE, status=403)

        report = await warmed(here, with_accounts(here, 2))

        assert (report.outcome, report.job_id, report.warmed) == ("refused", None, 0)
        assert all("403 Insufficient scope" in why for why in report.why.values())


@virtually
async def test_accounts_that_cannot_be_read_do_not_count_as_warm(tmp_path: Path) -> None:
    async with office(tmp_path) as here:
        here.fault("status", "/api/v2/accounts/sender", method="GET", status=403, count=None)

        report = await warmed(here, with_accounts(here, 1))

        assert (report.outcome, report.warmed) == ("failed", 0)
        assert "403" in report.why["sender0@example.com"]


@virtually
async def test_another_programs_warmup_is_waited_for(tmp_path: Path) -> None:
    async with office(tmp_path) as here:
        emails = with_accounts(here, 2)
        here.script(ENABLE, duration=30)
        await here.scene.api.enable_warmup({"emails": emails[:1]})

        report = await warmed(here, emails)

        assert (report.outcome, report.warmed) == ("succeeded", 2)
        assert here.desk.clock.monotonic() > 30


@pytest.mark.parametrize("request_", [{"emails": ["sender0@example.com"]}, {"include_all_emails": True}])
def test_a_lost_answer_is_found_in_the_job_list(tmp_path: Path, request_: dict[str, Any]) -> None:
    """The echo of a warmup names fields that were never sent."""

    @virtually
    async def told() -> tuple[WarmupReport, int]:
        async with office(tmp_path) as here:
            here.fault("lose-answer", ENABLE)
            with_accounts(here, 1)
            wanted = WarmupRequest.model_validate(request_)
            report = await warm_up(here.desk, wanted, occasion="o", tally=Tally(), deadline=here.soon)
            return report, here.asked(f"POST {ENABLE}")

    report, posts = told()

    assert (report.outcome, report.warmed, posts) == ("succeeded", 1, 1)
