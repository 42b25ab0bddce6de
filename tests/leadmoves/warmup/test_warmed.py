from typing import Any

import pytest

from leadmoves.jobs import Job, Outcome
from leadmoves.warmup.warmed import check_accounts
from sandbox import Fault
from tests.leadmoves.scene import Scene, virtually

# ana and dan can be warmed, ben is warm, cleo is banned.
NOBODY = "nobody@example.com"


async def warmed(scene: Scene, body: dict[str, Any]) -> Job:
    job = await scene.api.enable_warmup(body)
    await scene.clock.sleep(100)
    return await scene.api.get_job(job.id)


@pytest.mark.parametrize(
    ("emails", "outcome", "warm", "cold"),
    [
        (["ana@example.com"], Outcome.SUCCEEDED, 1, {}),
        (["ana@example.com", "ben@example.com"], Outcome.SUCCEEDED, 2, {}),
        (["ana@example.com", NOBODY], Outcome.SHORT, 1, {NOBODY: "Account not found"}),
        ([NOBODY], Outcome.FAILED, 0, {NOBODY: "Account not found"}),
        (["cleo@example.com"], Outcome.FAILED, 0, {"cleo@example.com": "Account warmup is banned or suspended"}),
    ],
)
@virtually
async def test_every_account_is_told_by_itself(
    emails: list[str], outcome: Outcome, warm: int, cold: dict[str, str]
) -> None:
    scene = Scene(leads=1)
    job = await warmed(scene, {"emails": emails})

    report = await check_accounts(scene.api, job, {"emails": emails})

    assert job.status == "success", "the job says so whatever became of the accounts"
    assert (report.outcome, report.warmed, dict(report.why)) == (outcome, warm, cold)
    assert report.not_warmed == tuple(cold)


@pytest.mark.parametrize(
    ("status", "why"),
    [
        (0, "warmup is paused"),
        (-1, "warmup is banned"),
        (-2, "spam folder unknown"),
        (-3, "suspended for good"),
        (7, "warmup_status is 7"),
        (None, "warmup_status is None"),
        ([1], "warmup_status is [1]"),
    ],
)
@virtually
async def test_an_account_that_is_not_active_is_never_counted_as_warm(status: Any, why: str) -> None:
    scene = Scene(leads=1)
    job = await warmed(scene, {"emails": ["ana@example.com"]})
    scene.sandbox.workspace.accounts["ana@example.com"].warmup_status = status

    report = await check_accounts(scene.api, job, {"emails": ["ana@example.com"]})

    assert (report.outcome, report.why) == (Outcome.FAILED, {"ana@example.com": why})


@virtually
async def test_an_address_in_capitals_is_the_same_account() -> None:
    scene = Scene(leads=1)
    job = await warmed(scene, {"emails": [NOBODY]})

    report = await check_accounts(scene.api, job, {"emails": [NOBODY.upper(), "ANA@example.com"]})

    assert len(report.not_warmed) == 2
    assert report.why["ANA@example.com"] == "warmup is paused"


@virtually
async def test_all_accounts_but_the_excluded_are_read_a_page_at_a_time() -> None:
    scene = Scene(leads=1)
    for number in range(150):
        scene.sandbox.workspace.add_account(f"many{number}@example.com", created=float(number))
    body = {"include_all_emails": True, "excluded_emails": ["CLEO@example.com"]}
    job = await warmed(scene, body)
    before = scene.requests["GET /api/v2/accounts"]

    report = await check_accounts(scene.api, job, body)

    assert (report.outcome, report.warmed) == (Outcome.SUCCEEDED, 153)
    assert scene.requests["GET /api/v2/accounts"] - before <= 3


@virtually
async def test_where_the_request_was_narrowed_only_those_count_whom_it_meant() -> None:
    scene = Scene(leads=1)
    body = {"include_all_emails": True, "search": "ana"}
    job = await warmed(scene, body)

    report = await check_accounts(scene.api, job, body)

    assert (report.outcome, report.warmed, report.not_warmed) == (Outcome.SUCCEEDED, 1, ())


@pytest.mark.parametrize(("status", "outcome"), [("failed", Outcome.FAILED), ("cancelled", Outcome.CANCELLED)])
@virtually
async def test_a_job_that_did_not_succeed_is_no_success_whatever_the_accounts_say(
    status: str, outcome: Outcome
) -> None:
    scene = Scene(leads=1)
    job = Job(id="66" * 12, status=status, data={"processed_emails": None})

    report = await check_accounts(scene.api, job, {"emails": ["ben@example.com"]})

    assert (report.outcome, report.warmed) == (outcome, 1)
    assert report.why == {job.id: f"the job is {status}"}


@virtually
async def test_an_account_that_cannot_be_read_is_not_called_warm() -> None:
    scene = Scene(leads=1)
    job = await warmed(scene, {"emails": ["ana@example.com"]})
    scene.sandbox.faults.add(Fault(kind="status", status=403, path="/api/v2/accounts/ana", count=None))

    report = await check_accounts(scene.api, job, {"emails": ["ana@example.com"]})

    assert report.outcome is Outcome.FAILED
    assert "403" in report.why["ana@example.com"]
