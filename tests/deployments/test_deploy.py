"""`lead-moves deploy` on a real server: everything there, nothing twice, nothing of what people changed undone."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from prefect.blocks.system import Secret
from prefect.events.worker import EventsWorker
from prefect.settings import PREFECT_API_URL, temporary_settings

from deployments.__main__ import main
from deployments.catalogue import CATALOGUE
from tests.deployments.stage import KEY, Channel, Stage, free_port, save_channel

Command = Callable[..., tuple[int, str, str]]
TOP_UP = """
schedules:
  move-leads:
    - slug: weekday-top-up
      cron: "0 7 * * 1-5"
      timezone: Europe/Berlin
      parameters:
        move:
          name: top-up
          request:
            list_id: 6a1c0f3e-0d5b-4c55-9f0a-2b8f6c1d7e90
            to_campaign_id: 77b0c0de-0d5b-4c55-9f0a-2b8f6c1d7e90
            limit: 200
    - {slug: every-six-hours, interval: PT6H, parameters: {move: PLACE}}
    - {slug: first-monday, rrule: "FREQ=MONTHLY;BYDAY=1MO;BYHOUR=7", active: false, parameters: {move: PLACE}}
""".replace(
    "PLACE",
    "{name: m, request: {list_id: 6a1c0f3e-0d5b-4c55-9f0a-2b8f6c1d7e90, "
    "to_list_id: 77b0c0de-0d5b-4c55-9f0a-2b8f6c1d7e90, limit: 1}}",
)


@pytest.fixture
def lead_moves(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Command]:
    """The command line, in this process: exit code, stdout, stderr."""
    monkeypatch.setenv("INSTANTLY_API_KEY", KEY)
    monkeypatch.setenv("INSTANTLY_API_URL", stage.instantly)
    monkeypatch.chdir(stage.folder)

    def command(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["lead-moves", *words])
        with pytest.raises(SystemExit) as left:
            main()
        said = capsys.readouterr()
        return int(left.value.code or 0), said.out, said.err

    with temporary_settings({PREFECT_API_URL: stage.api}):
        yield command
        EventsWorker.drain_all()  # it is of this server, and would be kept for the next one's events


def everything(stage: Stage) -> dict[str, Any]:
    """What is set up, without what a server keeps for itself."""
    deployments = stage.post("/deployments/filter", {"sort": "NAME_ASC"})
    automations = stage.post("/automations/filter", {})
    return {
        "pools": stage.post("/work_pools/filter", {}),
        "deployments": [
            {k: v for k, v in each.items() if k not in {"updated", "last_polled"}} for each in deployments
        ],
        "automations": sorted(automations, key=lambda each: str(each["name"])),
        "blocks": stage.post("/block_documents/filter", {}),
    }


def test_everything_is_set_up_and_a_second_time_nothing_changes(
    stage: Stage, lead_moves: Command, tmp_path: Path
) -> None:
    file = tmp_path / "schedules.yaml"
    file.write_text(TOP_UP)
    code, said, _ = lead_moves("deploy", "--schedules", str(file))
    assert code == 0
    assert "marked Crashed" in said
    assert "540 s" in said
    first = everything(stage)
    assert [each["name"] for each in first["deployments"]] == sorted(offer.name for offer in CATALOGUE)

    code, said, _ = lead_moves("deploy", "--schedules", str(file))
    assert code == 0
    assert [line for line in said.split("\n\n")[0].splitlines() if line.split()[0] != "unchanged"] == []
    assert everything(stage) == first


def test_schedules_keep_their_zone_parameters_and_switch(stage: Stage, lead_moves: Command, tmp_path: Path) -> None:
    file = tmp_path / "schedules.yaml"
    file.write_text(TOP_UP)
    assert lead_moves("deploy", "--schedules", str(file))[0] == 0
    schedules = {each["slug"]: each for each in stage.deployment("move-leads")["schedules"]}
    assert schedules["weekday-top-up"]["schedule"]["timezone"] == "Europe/Berlin"
    assert schedules["weekday-top-up"]["parameters"]["move"]["request"]["limit"] == 200
    assert schedules["every-six-hours"]["schedule"]["interval"] == 21_600
    assert [each["active"] for each in schedules.values()].count(False) == 1

    # Somebody switches one off and adds one in the UI: both stay. What left the file leaves the server.
    path = f"/deployments/{stage.deployment('move-leads')['id']}/schedules"
    stage.ask("PATCH", f"{path}/{schedules['weekday-top-up']['id']}", {"active": False})
    stage.post(path, [{"active": False, "schedule": {"cron": "0 9 * * *"}}])
    file.write_text(TOP_UP[: TOP_UP.index("    - {slug: every")])
    code, said, _ = lead_moves("deploy", "--schedules", str(file))
    assert code == 0
    assert "removed  schedule every-six-hours" in said
    left = {each["slug"]: each["active"] for each in stage.deployment("move-leads")["schedules"]}
    assert left == {"weekday-top-up": False, None: False}


def test_people_are_told_through_automations_that_are_never_doubled(
    stage: Stage, lead_moves: Command, ops: Channel
) -> None:
    save_channel(stage, ops)
    code, said, _ = lead_moves("deploy", "--notify", "custom-webhook/ops")
    assert code == 0
    assert "created  automation lead-moves: in-doubt" in said
    first = everything(stage)["automations"]
    switched_on = {each["name"].removeprefix("lead-moves: ") for each in first if each["enabled"]}
    assert {"failed", "in-doubt", "stalled", "run crashed", "run late", "dead runs"} <= switched_on
    assert "warm up after success" not in switched_on

    stalled = next(each for each in first if each["name"] == "lead-moves: stalled")
    stage.ask("PATCH", f"/automations/{stalled['id']}", {"enabled": False})
    assert lead_moves("deploy", "--notify", "custom-webhook/ops")[0] == 0
    again = everything(stage)["automations"]
    assert [each["id"] for each in again] == [each["id"] for each in first]
    assert not next(each for each in again if each["id"] == stalled["id"])["enabled"]


def test_the_key_is_stored_in_a_block_and_told_to_nobody(stage: Stage, lead_moves: Command) -> None:
    code, said, _ = lead_moves("deploy", "--credentials", "instantly")
    assert code == 0
    assert "saved  block instantly-credentials/instantly" in said
    [block] = [
        each for each in everything(stage)["blocks"] if each["block_type"]["slug"] == "instantly-credentials"
    ]
    assert block["data"]["api_url"] == stage.instantly
    assert KEY not in said + str(block)


def test_a_test_message_reaches_its_channel(stage: Stage, lead_moves: Command, ops: Channel) -> None:
    save_channel(stage, ops)
    assert lead_moves("notify-test", "custom-webhook/ops")[0] == 0
    assert ops.heard("a test message")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("deploy", "--notify", "slack-webhook/nobody"), "there is no block slack-webhook/nobody"),
        (("deploy", "--notify", "secret/token"), "secret/token is no notification block"),
        (("deploy", "--pool", "docker-pool"), "docker-pool is of type docker, not process"),
        (("deploy", "--schedules", "nowhere.yaml"), "nowhere.yaml: cannot be read"),
        (("notify-test", "slack-webhook/nobody"), "there is no block slack-webhook/nobody"),
    ],
)
def test_what_is_wrong_is_one_sentence_and_nothing_is_half_done(
    words: tuple[str, ...], sentence: str, stage: Stage, lead_moves: Command
) -> None:
    Secret(value="x").save("token", overwrite=True, _sync=True)
    if not stage.post("/work_pools/filter", {"work_pools": {"name": {"any_": ["docker-pool"]}}}):
        stage.post("/work_pools/", {"name": "docker-pool", "type": "docker"})
    before = everything(stage)
    code, out, err = lead_moves(*words)
    assert (code, out) == (2, "")
    assert sentence in err
    assert len(err.strip().splitlines()) == 1
    assert everything(stage) == before


def test_without_a_key_no_block_is_promised(
    stage: Stage, lead_moves: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("INSTANTLY_API_KEY")
    code, _, err = lead_moves("deploy", "--pool", f"pool-{uuid4().hex[:6]}", "--credentials", "instantly")
    assert code == 2
    assert "INSTANTLY_API_KEY: is not set" in err
    assert not [pool for pool in everything(stage)["pools"] if pool["name"].startswith("pool-")]


@pytest.mark.parametrize("command", ["deploy", "serve"])
def test_a_server_that_is_down_is_one_sentence(command: str, lead_moves: Command) -> None:
    with temporary_settings({PREFECT_API_URL: f"http://127.0.0.1:{free_port()}/api"}):
        code, _, err = lead_moves(command)
    assert code == 2
    assert "no Prefect server answers at" in err
    assert len(err.strip().splitlines()) == 1


def test_a_server_of_another_version_is_one_sentence(lead_moves: Command, old_server: str) -> None:
    with temporary_settings({PREFECT_API_URL: old_server}):
        code, _, err = lead_moves("deploy")
    assert code == 2
    assert "is Prefect 2.20.3, this is 3." in err
