"""`preview` before a move and `undo` after it, on the command line."""

import pytest

from tests.deployments.shell import Shell


@pytest.fixture
def undone(shell: Shell) -> str:
    """The key of a move that was made and undone."""
    key: str = shell.json("run", shell.plan())[1]["moves"][0]["key"]
    code, report = shell.json("undo", key)
    assert (code, report["moves"][0]["outcome"], report["moves"][0]["moved_leads"]) == (0, "succeeded", 10)
    return key


def test_preview_counts_and_moves_nothing(shell: Shell) -> None:
    plan = shell.plan(shell.move())

    code, report = shell.json("preview", plan)
    told = shell.run("preview", plan)

    [move] = report["moves"]
    assert (code, move["total_leads"], move["reason"]) == (0, 10, "preview: would move 10 leads")
    assert (told.returncode, shell.posts) == (0, 0)
    assert "would move 10 leads" in told.stdout
    assert "Run it again" not in told.stdout


def test_preview_says_which_move_cannot_be_counted(shell: Shell) -> None:
    shell.environment["INSTANTLY_API_KEY"] = "another"

    code, report = shell.json("preview", shell.plan())

    assert (code, report["moves"][0]["outcome"]) == (1, "refused")
    assert "401" in report["moves"][0]["reason"]


def test_undo_typed_twice_sends_once(shell: Shell, undone: str) -> None:
    code, report = shell.json("undo", undone)

    assert (code, report["moves"][0]["outcome"], shell.posts) == (0, "succeeded", 2)
    assert shell.sandbox.workspace.size(shell.source.id) == 30


def test_what_cannot_be_undone_ends_2(shell: Shell, undone: str) -> None:
    back = next(row for row in shell.json("status")[1]["moves"] if row["name"].startswith("undo "))
    shell.json("undo", back["key"])  # an undo is a move, and has a way back

    nobody = shell.run("undo", "no-such-key")

    assert (nobody.returncode, shell.posts) == (2, 3)
    assert "the ledger has no move no-such-key" in nobody.stderr
    assert undone != back["key"]
