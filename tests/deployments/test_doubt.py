"""A move in doubt on the command line: its candidates with what each moved, and a person who decides."""

import time
from dataclasses import replace

import pytest

from sandbox import Fault
from sandbox.jobs import Job, Life
from tests.deployments.shell import PATIENCE, Shell

MOVE = "/api/v2/leads/move"


@pytest.fixture
def doubtful(shell: Shell) -> tuple[Shell, str, list[str]]:
    """A move whose answer did not come while somebody else sent the very same: its key, and both jobs."""
    shell.sandbox.faults.add(Fault(kind="hang", path=MOVE, seconds=4))
    running = shell.start("run", shell.plan(), LEAD_MOVES_REQUEST_TIMEOUT="1")
    ours = _first_job(shell)
    theirs = shell.sandbox.jobs.add(_copy_of(shell, ours))

    assert running.end() == 3, running.text

    assert "lead-moves status " in running.text, running.text
    return shell, running.text.partition("lead-moves status ")[2].split()[0], [ours.id, theirs.id]


def test_its_status_tells_the_candidates_apart(doubtful: tuple[Shell, str, list[str]]) -> None:
    shell, key, jobs = doubtful

    told = shell.run("status", key)

    assert told.returncode == 3, told.stderr
    lines = [line for line in told.stdout.splitlines() if "began" in line]
    for job, moved, line in zip(jobs, (10, 7), lines, strict=True):
        assert f"{job}: success" in line
        assert f"moved {moved} of 10 leads" in line
    assert f"lead-moves resume {key} --adopt" in told.stdout


def test_its_candidates_are_named_where_the_api_cannot_be_asked(doubtful: tuple[Shell, str, list[str]]) -> None:
    shell, key, jobs = doubtful
    del shell.environment["INSTANTLY_API_KEY"]

    told = shell.run("status", key)

    assert told.returncode == 3, told.stderr
    assert all(job in told.stdout for job in jobs)
    assert "what they moved is not known: INSTANTLY_API_KEY" in told.stdout


def test_nothing_but_a_person_ends_it(doubtful: tuple[Shell, str, list[str]]) -> None:
    shell, key, jobs = doubtful

    code, left = shell.json("resume")
    posts = shell.posts
    adopted, report = shell.json("resume", key, "--adopt", jobs[1])

    assert (code, left["moves"][0]["outcome"], set(left["moves"][0]["candidates"])) == (3, "in-doubt", set(jobs))
    [move] = report["moves"]
    assert (adopted, move["outcome"], move["job_ids"]) == (0, "succeeded", [jobs[1]])
    assert (posts, shell.posts) == (1, 1)


def test_a_person_may_have_it_sent_again(doubtful: tuple[Shell, str, list[str]]) -> None:
    shell, key, jobs = doubtful

    code, report = shell.json("resume", key, "--send-again")

    [move] = report["moves"]
    assert (code, move["outcome"], shell.posts) == (0, "succeeded", 2)
    assert not set(move["job_ids"]) & set(jobs)


def _first_job(shell: Shell) -> Job:
    over = time.monotonic() + PATIENCE
    while not shell.sandbox.jobs.by_id:
        assert time.monotonic() < over
        time.sleep(0.01)  # it comes from another process: there is no event to wait for
    return next(iter(shell.sandbox.jobs.by_id.values()))


def _copy_of(shell: Shell, job: Job) -> Job:
    """The same request by somebody else, which moved less."""
    began = job.life.created
    life, moved = Life(began, began, work=0.1), {"total_leads": 10, "moved_leads": 7}
    return replace(job, id=shell.sandbox.jobs.new_id(began), life=life, result=moved)
