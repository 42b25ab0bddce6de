"""The command line in real processes: what it prints, how it ends, and what a signal leaves behind."""

import json
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.deployments.shell import COMMAND, PATIENCE, Running, Shell, clean, start

SHAPE = """
    name key outcome reason job_ids candidates total_leads moved_leads left_out verified warmup notified requests
    seconds adopted decisions
"""
TRACEBACK = "Traceback (most recent call last)"


@pytest.fixture(scope="module", autouse=True)
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """It mostly waits for its own jobs: it does so while the other tests run."""
    folder = tmp_path_factory.mktemp("demo")
    begun = start("demo", folder=folder, env=clean(folder))
    yield begun
    if begun.process.poll() is None:
        begun.kill()
        begun.end()


def test_help_answers_in_no_time_and_knows_nothing_of_prefect(tmp_path: Path) -> None:
    took = []
    for _ in range(5):
        begun = time.perf_counter()
        subprocess.run([*COMMAND, "--help"], env=clean(tmp_path), check=True, capture_output=True)
        took.append(time.perf_counter() - begun)
    spy = "import sys, deployments.__main__ as m\ntry: m.cli(['--help'])\nfinally: print('prefect' in sys.modules)"
    spied = subprocess.run([sys.executable, "-c", spy], env=clean(tmp_path), check=True, capture_output=True)

    assert min(took) < 0.3, took
    assert spied.stdout.strip().endswith(b"False")


def test_json_is_one_document_and_the_same_occasion_asks_nobody(shell: Shell) -> None:
    plan = shell.plan(shell.move(on_success={"enable_warmup": {"emails": ["ana@example.com"]}}))

    code, report = shell.json("run", plan, "--occasion", "today")
    requests = shell.requests
    again = shell.json("run", plan, "--occasion", "today")

    [move] = report["moves"]
    assert (code, report["occasion"], set(move)) == (0, "today", set(SHAPE.split()))
    assert (move["outcome"], move["moved_leads"], move["warmup"]["outcome"]) == ("succeeded", 10, "succeeded")
    assert again == (0, report)
    assert shell.requests == requests


def test_what_was_told_is_over_at_once(shell: Shell) -> None:
    """Killed between the two, the next run with the same command would be a new one, and send again."""
    done = shell.run("run", shell.plan(), "--json")
    over = time.time()

    with closing(sqlite3.connect(shell.folder / "ledger.sqlite")) as ledger:
        [(told_at,)] = ledger.execute("SELECT told_at FROM moves")
    assert done.returncode == 0
    assert over - told_at < 0.3


def test_a_job_that_fails_ends_1_and_is_told_without_noise(shell: Shell) -> None:
    shell.script(outcome="failed", duration=0.2)

    done = shell.run("run", shell.plan(shell.move(), shell.move("second")))

    assert done.returncode == 1
    assert "The sandbox was told to let this job fail" in done.stdout
    assert "10 of 10" in done.stdout
    for noise in (TRACEBACK, "| INFO", "prefect.", "Beginning flow run"):
        assert noise not in done.stdout + done.stderr


def test_what_is_refused_ends_2_with_one_document(shell: Shell) -> None:
    del shell.environment["INSTANTLY_API_KEY"]

    code, said = shell.json("run", shell.plan())

    assert code == 2
    assert (said["moves"], [problem["field"] for problem in said["problems"]]) == ([], ["INSTANTLY_API_KEY"])
    assert shell.requests == 0


def test_a_prefect_server_that_does_not_answer_is_refused(shell: Shell) -> None:
    shell.environment["PREFECT_API_URL"] = "http://127.0.0.1:9/api"

    done = shell.run("run", shell.plan())

    assert (done.returncode, shell.requests) == (2, 0)
    assert "no Prefect server answers at http://127.0.0.1:9/api" in done.stderr
    assert TRACEBACK not in done.stderr


def test_an_embedded_server_that_cannot_start_is_refused_in_one_sentence(shell: Shell) -> None:
    database = "sqlite+aiosqlite:////proc/nowhere/prefect.db"
    shell.environment |= {"PREFECT_API_URL": "", "PREFECT_API_DATABASE_CONNECTION_URL": database}

    done = shell.run("run", shell.plan())

    assert (done.returncode, shell.requests) == (2, 0)
    assert "did not start: sqlalchemy.exc.OperationalError" in done.stderr
    assert len(done.stderr.splitlines()) == 2  # that it starts, and this


def test_ctrl_c_says_which_job_goes_on_and_resume_finishes_it(shell: Shell) -> None:
    shell.script(duration=10)
    waiting = shell.start("run", shell.plan())
    waiting.until("in-progress")

    waiting.kill(signal.SIGINT)
    interrupted = time.monotonic()

    assert waiting.end() == 3
    assert time.monotonic() - interrupted < 5, "it waited for the end of the job"
    [job] = [job.id for job in shell.sandbox.jobs.by_id.values()]
    assert f"job {job} goes on" in waiting.text
    assert TRACEBACK not in waiting.text
    key = waiting.text.partition("lead-moves resume ")[2].split()[0]
    left = shell.run("status", key)
    assert (left.returncode, job in left.stdout) == (3, True)
    code, report = shell.json("resume", key)
    assert (code, report["moves"][0]["outcome"], report["moves"][0]["job_ids"]) == (0, "succeeded", [job])
    assert shell.json("status", key)[1]["moves"] == report["moves"]
    assert "top-up" in shell.run("status").stdout
    assert "forgot 1 moves" in shell.run("forget", "--days", "0").stdout
    assert shell.posts == 1


def test_ctrl_c_sends_no_more_until_the_same_command_is_typed_again(shell: Shell) -> None:
    """The second move waits for the list of the first."""
    shell.script(duration=5)
    plan = shell.plan(shell.move(), shell.move("second"))
    waiting = shell.start("run", plan)
    waiting.until("in-progress")

    waiting.kill(signal.SIGINT)

    assert (waiting.end(), "its run was stopped before it was sent" in waiting.text) == (3, True)
    assert [move["name"] for move in shell.json("resume")[1]["moves"]] == ["top-up"]
    assert shell.posts == 1
    assert [move["outcome"] for move in shell.json("run", plan)[1]["moves"]] == ["succeeded", "succeeded"]


def test_a_killed_run_leaves_no_server_and_the_same_command_finishes_it(shell: Shell) -> None:
    shell.script(duration=4)
    plan = shell.plan()
    killed = shell.start("run", plan, PREFECT_API_URL="")
    killed.until("sent, job")
    servers = _embedded_servers(killed.process.pid)

    killed.kill()
    killed.end()
    retyped = shell.run("run", plan, "--json")

    assert servers
    assert _gone(servers)
    assert retyped.returncode == 0, retyped.stderr
    [move] = json.loads(retyped.stdout)["moves"]
    assert (move["outcome"], move["requests"]["submit"]) == ("succeeded", 0)
    assert "an earlier run of these moves is unfinished" in retyped.stderr
    assert (shell.posts, len(shell.sandbox.jobs.by_id)) == (1, 1)


def test_two_that_run_the_same_at_once_make_one_job_and_both_report_it(shell: Shell) -> None:
    """On a fresh home, too: each has an embedded server, and the first makes the database of both."""
    shell.script(duration=3)
    words = ("run", shell.plan(), "--occasion", "today", "--json")

    both = [shell.start(*words, PREFECT_API_URL="") for _ in range(2)]

    assert [each.end() for each in both] == [0, 0], [each.text for each in both]
    reports = [json.loads(each.text[each.text.index("{\n") :]) for each in both]
    assert [report["moves"][0]["outcome"] for report in reports] == ["succeeded", "succeeded"]
    assert reports[0]["moves"][0]["job_ids"] == reports[1]["moves"][0]["job_ids"]
    assert (shell.posts, len(shell.sandbox.jobs.by_id)) == (1, 1)


def test_the_demo_goes_as_it_says(demo: Running) -> None:
    assert demo.end() == 0, demo.text

    assert demo.lines[0][0] < 2
    for said in (
        "496 of 500",
        "not warm: nobody@example.com",
        "[webhook] Lead move eu-google: failed",
        "nothing-moved",
    ):
        assert said in demo.text
    for noise in (TRACEBACK, "| INFO", "Beginning flow run"):
        assert noise not in demo.text


def _embedded_servers(parent: int) -> list[int]:
    """Children of a process that run Prefect's server."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (stat := _read(entry / "stat")):
            ours = int(stat.rpartition(")")[2].split()[1]) == parent
            if ours and "prefect_api" in _read(entry / "cmdline"):
                found.append(int(entry.name))
    return found


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # it ended meanwhile
        return ""


def _gone(pids: list[int]) -> bool:
    """Whether all these processes end soon."""
    over = time.monotonic() + PATIENCE
    while time.monotonic() < over:
        if not any("prefect_api" in _read(Path(f"/proc/{pid}/cmdline")) for pid in pids):
            return True
        time.sleep(0.05)  # a process of another's: there is no event to wait for
    return False
