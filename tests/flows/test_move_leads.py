"""The flow `move_leads` over a real socket: every way in which a move can end, told truthfully."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from flows.move_leads import move_leads
from leadmoves.errors import InvalidInput
from sandbox.jobs import Job

if TYPE_CHECKING:
    from .conftest import Channel, Ran, Scene

    Run = Callable[..., Awaitable[Ran]]

# Prefect leaves sockets of its own to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")

JOBS = "/api/v2/background-jobs"


async def test_success_is_counted_read_back_and_followed_by_warmup(
    scene: "Scene", run: "Run", channel: "Channel"
) -> None:
    for address, status in (("ana@example.com", 0), ("cleo@example.com", -1)):
        scene.workspace.add_account(address, status)
    emails = ["ana@example.com", "cleo@example.com", "nobody@example.com"]
    move = scene.move(on_success={"enable_warmup": {"emails": emails}}, notify=[channel.block])

    ran = await run(move_leads, move=move, occasion="today")

    assert ran.state.is_completed()
    assert ran.report.occasion == "today"
    told = ran.move.model_dump(mode="json")
    assert told == {
        "name": "top-up",
        "key": told["key"],
        "outcome": "succeeded",
        "reason": None,
        "job_ids": scene.jobs,
        "candidates": [],
        "total_leads": 10,
        "moved_leads": 10,
        "left_out": dict.fromkeys(told["left_out"], 0),
        "verified": {"checked": 5, "wrong": 0},
        "warmup": {
            "outcome": "short",
            "job_id": told["warmup"]["job_id"],
            "warmed": 1,
            "not_warmed": ["cleo@example.com", "nobody@example.com"],
            "why": {
                "cleo@example.com": "Account warmup is banned or suspended",
                "nobody@example.com": "Account not found",
            },
        },
        "notified": [channel.block],
        "requests": {"submit": 1, "look": 1, "other": scene.requests - 2},
        "seconds": told["seconds"],
        "adopted": False,
        "decisions": dict.fromkeys(("intended", "baseline", "sending", "answered", "accepted"), 1),
    }
    assert scene.workspace.size(scene.destination.id) == 10
    [post] = channel.posts
    assert "warmup short" in post["subject"]
    assert "nobody@example.com: Account not found" in post["body"]


@pytest.mark.parametrize(
    ("script", "outcome", "state", "why"),
    [
        ({"outcome": "failed"}, "failed", "Failed", "The sandbox was told to let this job fail"),
        ({"outcome": "cancelled"}, "cancelled", "Cancelled", "the job was cancelled by a user"),
        ({"outcome": "moves-nothing"}, "nothing-moved", "NothingMoved", "0 of 0 selected leads moved"),
    ],
)
async def test_any_other_end_names_the_state_and_is_notified(
    scene: "Scene", run: "Run", channel: "Channel", script: dict[str, Any], outcome: str, state: str, why: str
) -> None:
    scene.script(duration=0.2, **script)

    ran = await run(move_leads, move=scene.move(notify=[channel.block]))

    assert (ran.state.is_failed(), ran.state.name) == (True, state)
    assert (ran.move.outcome, ran.move.reason) == (outcome, why)
    assert ran.move.notified == (channel.block,)
    [post] = channel.posts
    assert post["subject"] == f"Lead move top-up: {outcome}"
    assert all(part in post["body"] for part in (why, scene.source.id, ran.move.key, *scene.jobs))


async def test_a_notification_that_fails_is_told_and_fails_nothing(
    scene: "Scene", run: "Run", channel: "Channel"
) -> None:
    channel.status = 500
    scene.script(outcome="failed", duration=0.2)

    ran = await run(move_leads, move=scene.move(notify=[channel.block]))

    assert ran.state.name == "Failed"
    assert ran.move.outcome == "failed"
    [notified] = ran.move.notified
    assert notified.startswith(f"{channel.block} (failed: ")


async def test_fewer_leads_than_expected_are_short(scene: "Scene", run: "Run") -> None:
    move = scene.move(limit=None, whole_source=True, expect={"at_least": 31})

    ran = await run(move_leads, move=move)

    assert (ran.state.name, ran.move.outcome) == ("Short", "short")
    assert ran.move.reason == "30 moved, at least 31 expected"


async def test_a_job_that_is_unknown_just_after_its_submit_is_waited_for(scene: "Scene", run: "Run") -> None:
    scene.fault(kind="hide-job", path="/api/v2/leads/move", seconds=1.3, from_get=True)

    ran = await run(move_leads, move=scene.move())

    assert ran.move.outcome == "succeeded"
    assert ran.move.requests["look"] > 1
    assert scene.posts == 1


@pytest.mark.parametrize(
    ("fault", "posts", "said"),
    [
        ({"status": 401, "path": JOBS}, 0, "401 Invalid API key"),
        ({"status": 402, "path": "/api/v2/leads/move"}, 1, "402 Workspace does not have an active paid plan"),
        ({"status": 403, "path": "/api/v2/leads/move"}, 1, "403 Insufficient scope"),
    ],
)
async def test_what_the_api_refuses_is_refused_with_its_own_words(
    scene: "Scene", run: "Run", fault: dict[str, Any], posts: int, said: str
) -> None:
    scene.fault(kind="status", count=None, **fault)

    ran = await run(move_leads, move=scene.move())

    assert (ran.state.name, ran.move.outcome) == ("Refused", "refused")
    assert said in (ran.move.reason or "")
    assert (scene.posts, scene.jobs) == (posts, [])


async def test_at_the_deadline_we_stop_waiting_and_the_job_goes_on(scene: "Scene", run: "Run") -> None:
    scene.script(duration=3600)

    ran = await run(move_leads, move=scene.move(deadline="PT1S"))

    assert (ran.state.name, ran.move.outcome) == ("StillRunning", "still-running")
    assert list(ran.move.job_ids) == scene.jobs
    assert "goes on" in (ran.move.reason or "")


async def test_a_move_of_more_leads_than_expected_is_held_back(scene: "Scene", run: "Run") -> None:
    move = scene.move(limit=None, whole_source=True, expect={"at_most": 29})

    ran = await run(move_leads, move=move)

    assert (ran.state.name, ran.move.outcome) == ("NotSent", "not-sent")
    assert "more than the 29 leads expected at most" in (ran.move.reason or "")
    assert scene.posts == 0


async def test_between_two_candidates_nobody_decides_and_nothing_is_sent_again(
    scene: "Scene", run: "Run", channel: "Channel"
) -> None:
    """The answer is lost, and somebody else has started the same move at the same moment."""
    _with_twins(scene)
    scene.fault(kind="lose-answer", path="/api/v2/leads/move", method="POST")

    ran = await run(move_leads, move=scene.move(notify=[channel.block]), occasion="today")
    again = await run(move_leads, move=scene.move(notify=[channel.block]), occasion="today")

    assert (ran.state.name, ran.move.outcome) == ("InDoubt", "in-doubt")
    assert set(ran.move.candidates) == set(scene.jobs)
    assert ran.move.job_ids == ()
    assert (again.state.name, scene.posts) == ("InDoubt", 1)
    assert all(job in channel.posts[0]["body"] for job in scene.jobs)
    assert "--adopt" in channel.posts[0]["body"]


async def test_a_lost_answer_is_found_again_and_never_sent_twice(scene: "Scene", run: "Run") -> None:
    scene.fault(kind="lose-answer", path="/api/v2/leads/move", method="POST")

    ran = await run(move_leads, move=scene.move())

    assert (ran.move.outcome, ran.move.adopted) == ("succeeded", True)
    assert (scene.posts, len(scene.jobs)) == (1, 1)


async def test_the_same_occasion_again_asks_the_ledger_alone(scene: "Scene", run: "Run") -> None:
    first = await run(move_leads, move=scene.move(), occasion="2026-11-23")
    requests = scene.requests

    again = await run(move_leads, move=scene.move(), occasion="2026-11-23")
    other = await run(move_leads, move=scene.move(), occasion="2026-11-24")

    assert again.report == first.report
    assert again.state.is_completed()
    assert requests + sum(other.move.requests.values()) == scene.requests
    assert scene.posts == 2


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"request": {"lead_ids": []}}, "lead_ids"),
        ({"deadline": "30 minutes"}, "deadline"),
        ({"notify": ["custom-webhook/nobody-made-this"]}, "notify"),
    ],
)
async def test_bad_parameters_are_refused_before_anything_is_sent(
    scene: "Scene", wrong: dict[str, Any], field: str
) -> None:
    state = await move_leads(move=scene.move() | wrong, return_state=True)

    assert state.is_failed()
    refused = await state.aresult(raise_on_failure=False)
    assert isinstance(refused, InvalidInput)
    assert any(field in problem.field for problem in refused.problems)
    assert scene.requests == 0


def _with_twins(scene: "Scene") -> None:
    """Whoever starts a job is not alone: another one like it starts in the same moment."""
    jobs = scene.sandbox._jobs
    add = jobs.add

    def add_two(job: Job) -> Job:
        add(job)
        add(replace(job, id=jobs.new_id(job.life.created)))
        return job

    jobs.add = add_two  # type: ignore[method-assign]
