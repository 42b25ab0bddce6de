"""What the command line refuses: exit 2, the field named, and not one request sent."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import yaml

from deployments.__main__ import main
from sandbox import Sandbox, Settings, create, running

HERE, THERE = str(uuid4()), str(uuid4())
MOVE = {"list_id": HERE, "to_campaign_id": THERE, "limit": 10}
Command = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Sandbox, str]]:
    sandbox = create(leads=0, settings=Settings(per_second=None))
    with running(sandbox) as url:
        yield sandbox, url


@pytest.fixture
def instantly(served: tuple[Sandbox, str], monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """One that nobody may ask anything."""
    sandbox, url = served
    monkeypatch.setenv("INSTANTLY_API_URL", url)
    monkeypatch.setenv("INSTANTLY_API_KEY", sandbox.settings.key)
    return sandbox


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """The command line, without a process of its own: exit code, stdout, stderr."""

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["lead-moves", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return ended.value.code, said.out, said.err

    return run


def without(*names: str, **more: Any) -> dict[str, Any]:
    return {name: value for name, value in MOVE.items() if name not in names} | more


BAD_REQUESTS = {
    "an unknown key names the nearest": (without(lead_ids=[HERE]), "lead_ids", "ids"),
    "no source": (without("list_id"), "campaign", "no source"),
    "two sources": (without(campaign=THERE), "list_id", "one source"),
    "no destination": (without("to_campaign_id"), "to_campaign_id", "no destination"),
    "two destinations": (without(to_list_id=THERE), "to_list_id", "one destination"),
    "source is destination": (without("to_campaign_id", to_list_id=HERE), "to_list_id", "is the source as well"),
    "ids without a source": (without("list_id", ids=[HERE]), "campaign", "ids only inside one"),
    "everything": (without("limit"), "whole_source", "every lead of its source"),
    "limit 0": (without(limit=0), "limit", "1"),
    "an empty list": (without(contacts=[]), "contacts", "at least"),
    "a bad id": (without(list_id="prospects"), "list_id", "must be an id"),
    "a bad address": (without(contacts=["ana at example.com"]), "contacts", "must be an e-mail address"),
    "an unknown filter": (without(filter="FILTER_VAL_NOT_CONTACTDE"), "filter", "FILTER_VAL_NOT_CONTACTED"),
}
BAD_WARMUPS = {
    "nobody": ({"include_all_emails": False}, "emails", "no account"),
    "a filter of nothing": ({"emails": ["a@example.com"], "search": "ana"}, "search", "needs include_all_emails"),
    "exceptions from nothing": (
        {"emails": ["a@example.com"], "excluded_emails": ["b@example.com"]},
        "excluded_emails",
        "needs include_all_emails",
    ),
    "a filter of accounts": (
        {"emails": ["a@example.com"], "filter": {"filter": "ACC_FILTER_PAUSED"}},
        "filter",
        "needs include_all_emails",
    ),
}


@pytest.mark.parametrize(("request_", "field", "says"), BAD_REQUESTS.values(), ids=BAD_REQUESTS.keys())
def test_a_bad_request(
    instantly: Sandbox, command: Command, tmp_path: Path, request_: Mapping[str, Any], field: str, says: str
) -> None:
    _refused(instantly, command, tmp_path, {"name": "top-up", "request": dict(request_)}, field, says)


@pytest.mark.parametrize(("warmup", "field", "says"), BAD_WARMUPS.values(), ids=BAD_WARMUPS.keys())
def test_a_bad_warmup(
    instantly: Sandbox, command: Command, tmp_path: Path, warmup: Mapping[str, Any], field: str, says: str
) -> None:
    move = {"name": "top-up", "request": MOVE, "on_success": {"enable_warmup": dict(warmup)}}
    _refused(instantly, command, tmp_path, move, field, says)


def test_a_plan_that_is_not_there(instantly: Sandbox, command: Command) -> None:
    code, _, said = command("run", "nowhere.yaml")

    assert (code, "nowhere.yaml" in said, instantly.stats.requests.total()) == (2, True, 0)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("INSTANTLY_API_KEY", "", "is not set"),
        ("INSTANTLY_API_URL", "http://api.instantly.ai", "use https"),
        ("LEAD_MOVES_SETTLE_SECONDS", "soon", "number"),
        ("LEAD_MOVES_LEDGER", "sqlite:////proc/nowhere/ledger.sqlite", "ledger"),
    ],
)
def test_a_bad_environment(
    instantly: Sandbox,
    command: Command,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    value: str,
    says: str,
) -> None:
    monkeypatch.setenv(name, value)

    code, _, said = command("run", _plan(tmp_path, {"name": "top-up", "request": MOVE}))

    assert (code, instantly.stats.requests.total()) == (2, 0)
    assert says in said


def test_a_dry_run_shows_the_requests_and_sends_none(
    instantly: Sandbox, command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("INSTANTLY_API_KEY")

    code, out, _ = command("run", _plan(tmp_path, {"name": "top-up", "request": MOVE}), "--dry-run", "--json")

    [move] = json.loads(out)["moves"]
    assert (code, move["outcome"], HERE in move["reason"]) == (0, "not-sent", True)
    assert instantly.stats.requests.total() == 0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("status", "no-such-key"), "the ledger has no move no-such-key"),
        (("resume", "no-such-key"), "the ledger has no move no-such-key"),
        (("resume", "--send-again"), "name the move that is in doubt"),
        (("resume", "no-such-key", "--adopt", "job", "--send-again"), "decide for one"),
    ],
)
def test_a_key_that_means_nothing(instantly: Sandbox, command: Command, words: tuple[str, ...], says: str) -> None:
    code, _, said = command(*words)

    assert (code, says in said, instantly.stats.requests.total()) == (2, True, 0)


def _plan(folder: Path, move: Mapping[str, Any]) -> str:
    path = folder / "plan.yaml"
    path.write_text(yaml.safe_dump({"moves": [dict(move)]}))
    return str(path)


def _refused(
    instantly: Sandbox, command: Command, folder: Path, move: Mapping[str, Any], field: str, says: str
) -> None:
    code, out, said = command("run", _plan(folder, move), "--json")

    document = json.loads(out)
    assert (code, document["moves"], instantly.stats.requests.total()) == (2, [], 0)
    [problem] = [problem for problem in document["problems"] if field in problem["field"]]
    assert says in problem["message"]
    assert problem["line"]
    assert problem["message"] in said
