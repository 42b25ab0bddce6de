"""A plan: read, refused with line numbers, cut into chunks."""

import json
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from leadmoves.errors import InvalidInput
from leadmoves.plan import Plan, check_plan, parse_plan, read_plan

LIST = "6a1c0f3e-0d5b-4c55-9f0a-2b8f6c1d7e90"
CAMPAIGN = "77b0f3e0-0d5b-4c55-9f0a-2b8f6c1d7e90"
REQUEST = {"list_id": LIST, "to_campaign_id": CAMPAIGN}
LIMITED = {**REQUEST, "limit": 500}

GOOD = f"""\
moves:
  - name: eu-google-top-up
    request:
      list_id: {LIST}
      esp_code: 1
      filter: FILTER_VAL_NOT_CONTACTED
      to_campaign_id: {CAMPAIGN}
      limit: 500
    expect: {{at_least: 1, at_most: 500}}
    deadline: PT10M
    on_success: {{enable_warmup: {{emails: [ana@example.com]}}}}
    notify: [custom-webhook/ops]
"""


def parse(text: str, folder: Path = Path()) -> Plan:
    return parse_plan(text, folder=folder, name="plan.yaml")


def refusal(text: str, folder: Path = Path()) -> list[str]:
    with pytest.raises(InvalidInput) as refused:
        parse(text, folder)
    return str(refused.value).splitlines()


def plan_of(*moves: dict[str, Any], **options: Any) -> dict[str, Any]:
    named = [{"name": f"m{number}", "request": LIMITED, **move} for number, move in enumerate(moves)]
    return {"moves": named, **options}


def told(given: object, folder: Path = Path()) -> dict[str, str]:
    with pytest.raises(InvalidInput) as refused:
        check_plan(given, folder=folder)
    messages: dict[str, str] = {}
    for problem in refused.value.problems:
        messages[problem.field] = f"{messages.get(problem.field, '')} {problem.message}"
    return messages


def test_a_plan_is_read_from_yaml_and_from_json() -> None:
    plan = parse(GOOD)

    assert plan.moves[0].deadline == timedelta(minutes=10)
    assert parse(plan.model_dump_json(indent=1)) == plan
    assert check_plan(plan.model_dump(mode="json")) == plan
    assert check_plan(plan) == plan


def test_what_may_be_left_out_has_a_plain_default() -> None:
    (move,) = check_plan(plan_of({})).moves

    assert (move.deadline, move.whole_source, move.notify) == (timedelta(minutes=30), False, ())


def test_a_plan_is_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "plan.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + GOOD.encode())

    assert read_plan(file) == parse(GOOD)
    assert read_plan(str(file)) == parse(GOOD)


@pytest.mark.parametrize(("content", "hint"), [(None, "No such file"), (b"\xff\xfem\x00", "save it as UTF-8")])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None, hint: str) -> None:
    file = tmp_path / "plan.yaml"
    if content:
        file.write_bytes(content)

    with pytest.raises(InvalidInput, match=hint) as refused:
        read_plan(file)
    assert "plan.yaml" in str(refused.value)


def test_every_problem_is_told_at_once_with_the_line_of_its_key() -> None:
    text = GOOD.replace("limit: 500", "limit: 0").replace("esp_code: 1", "esp_cod: 1") + GOOD.removeprefix(
        "moves:\n"
    )

    assert refusal(text) == [
        "line 5: moves[0].request.esp_cod: is no known key; did you mean esp_code?",
        "line 8: moves[0].request.limit: must be at least 1, not 0",
        "line 9: moves[0].expect.at_least: is more than request.limit (0) lets through",
        "line 13: moves[1].name: 'eu-google-top-up' is also moves[0]; names are unique",
    ]


def test_a_json_plan_has_lines_too() -> None:
    text = json.dumps(plan_of({"deadline": 5}, {"notify": ["ops"]}), indent=1)

    assert [line.split(":")[0] for line in refusal(text)] == ["line 10", "line 20"]


def test_a_json_plan_may_spell_a_name_with_surrogates() -> None:
    text = json.dumps(plan_of({"name": "\N{ROCKET}"}))

    assert "\\ud83d" in text
    assert parse(text).moves[0].name == "\N{ROCKET}"


@pytest.mark.parametrize(
    ("text", "line", "hint"),
    [
        ("", None, "is empty"),
        ("# nothing\n", None, "is empty"),
        ("moves:\n\t- name: a\n", 2, "indent with spaces, not tabs"),
        ("moves:\n  - name: 'a\n", 3, "no valid YAML"),
        ("moves: a: b\n", 1, "no valid YAML"),
        ('{"moves": [\n', 2, "no valid YAML"),
        ("moves: []\n---\nmoves: []\n", 2, "a second document"),
        ("moves:\n  - *same\n", 2, "stands for nothing"),
        ("moves: &all\n  - *all\n", 2, "stands for nothing"),
        ("moves:\n  - [a]: b\n", 2, "a key must be plain text"),
        ("moves: \x07\n", 1, "a character that YAML forbids"),
        ("moves: \ud800\n", 1, "half a character"),
        ("[" * 100_000, 1, "deeper than any plan"),
        ("{a: " * 100_000, 1, "deeper than any plan"),
    ],
)
def test_a_text_that_is_no_plan_is_refused_with_its_line(text: str, line: int | None, hint: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse(text)

    (problem,) = refused.value.problems
    assert (problem.field, problem.line) == ("plan.yaml", line)
    assert hint in problem.message


def test_a_key_that_is_given_twice_is_refused() -> None:
    twice = "line 9: moves[0].request.limit: is given twice, first on line 8; keep one"

    assert refusal(GOOD.replace("limit: 500", "limit: 500\n      limit: 500")) == [twice]
    assert "line 2: moves: is given twice, first on line 1; keep one" in refusal('{"moves": [],\n "moves": []}')


def test_aliases_may_repeat_a_part_but_not_without_bound() -> None:
    text = f"moves:\n  - name: a\n    request: &same {json.dumps(LIMITED)}\n  - {{name: b, request: *same}}\n"
    bomb = "moves:\n - &a0 [x]\n" + "".join(f" - &a{n + 1} [{', '.join([f'*a{n}'] * 10)}]\n" for n in range(9))

    assert parse(text).moves[1].request == parse(text).moves[0].request
    assert "more values than any plan" in refusal(bomb)[0]


@pytest.mark.parametrize("word", ["2026-11-23", "1:30", "0100", "1e5", "'12'"])
def test_yaml_does_not_turn_a_word_into_something_else(word: str) -> None:
    assert parse(GOOD.replace("eu-google-top-up", word)).moves[0].name == word.strip("'")


@pytest.mark.parametrize(("word", "truth"), [("yes", True), ("Off", False), ("true", True)])
def test_yaml_yes_and_no_are_truths(word: str, truth: bool) -> None:
    assert parse(GOOD.replace("limit: 500", f"copy_leads: {word}")).moves[0].request.copy_leads is truth


@pytest.mark.parametrize(
    ("given", "field", "hint"),
    [
        ([], "Plan", "must be a mapping"),
        ({}, "moves", "is missing"),
        ({"moves": []}, "moves", "no move; add at least one"),
        ({"moves": None}, "moves", "must be a list"),
        ({"moves": [3]}, "moves[0]", "must be a mapping"),
        (plan_of({}, stop_on_failur=True), "stop_on_failur", "did you mean stop_on_failure?"),
        (plan_of({"name": " "}), "moves[0].name", "must not be blank"),
        (plan_of({"name": "a\nb"}), "moves[0].name", "printable and on one line"),
        (plan_of({"name": "a" * 101}), "moves[0].name", "at most 100 characters"),
        (plan_of({"name": 7}), "moves[0].name", "must be text, not 7; put it in quotes"),
        (plan_of({"name": "a"}, {"name": "a "}), "moves[1].name", "is also moves[0]"),
        (plan_of({"request": REQUEST}), "moves[0].whole_source", "would move every lead of its source"),
        (plan_of({"request": {**REQUEST, "excluded_ids": [LIST]}}), "moves[0].whole_source", "every lead"),
        (plan_of({"request": {**REQUEST, "in_list": True}}), "moves[0].whole_source", "every lead"),
        (plan_of({"request": {**REQUEST, "esg_code": "All"}}), "moves[0].whole_source", "every lead"),
        (plan_of({"whole_source": "yes"}), "moves[0].whole_source", "true or false"),
        (plan_of({"deadline": 30}), "moves[0].deadline", "such as PT30M (30 minutes), not 30"),
        (plan_of({"deadline": "P"}), "moves[0].deadline", "such as PT30M"),
        (plan_of({"deadline": "PT0.5S"}), "moves[0].deadline", "between PT1S"),
        (plan_of({"deadline": "P2D"}), "moves[0].deadline", "between PT1S"),
        (plan_of({"deadline": "-PT5M"}), "moves[0].deadline", "between PT1S"),
        (plan_of({"notify": ["ops"]}), "moves[0].notify[0]", "type-slug/name"),
        (plan_of({"notify": ["Slack/Ops!"]}), "moves[0].notify[0]", "type-slug/name"),
        (plan_of({"expect": {"at_least": -1}}), "moves[0].expect.at_least", "at least 0"),
        (plan_of({"expect": {"at_most": 0}}), "moves[0].expect.at_most", "at least 1"),
        (plan_of({"expect": {"at_least": 9, "at_most": 8}}), "moves[0].expect.at_most", "less than at_least (9)"),
        (plan_of({"expect": {"at_least": 501}}), "moves[0].expect.at_least", "more than request.limit (500)"),
        (plan_of({"expect": {"at_most": 499}}), "moves[0].expect.at_most", "less than request.limit (500)"),
        (plan_of({"on_success": {}}), "moves[0].on_success.enable_warmup", "is missing"),
        (plan_of({"on_success": {"enable_warmup": {}}}), "moves[0].on_success.enable_warmup.emails", "no account"),
    ],
)
def test_a_plan_that_is_wrong_is_refused_by_field_with_a_way_out(given: object, field: str, hint: str) -> None:
    assert hint in told(given)[field]


def test_a_misspelt_selector_is_told_once_and_not_as_a_missing_one() -> None:
    assert told(plan_of({"request": {**REQUEST, "lead_ids": [LIST]}})).keys() == {"moves[0].request.lead_ids"}


def test_a_whole_source_moves_only_when_it_is_said() -> None:
    assert check_plan(plan_of({"request": REQUEST, "whole_source": True})).moves[0].whole_source


def test_more_than_100000_moves_are_refused_before_they_are_looked_at() -> None:
    started = time.perf_counter()

    assert "at most 100,000" in told({"moves": [None] * 100_001})["moves"]
    assert time.perf_counter() - started < 0.5


def contacts(tmp_path: Path, content: str, **move: Any) -> dict[str, Any]:
    (tmp_path / "leads.csv").write_text(content, encoding="utf-8")
    return plan_of({"request": REQUEST, "contacts_file": "leads.csv", **move})


def column(count: int) -> str:
    return "email\n" + "".join(f"a{number}@example.com\n" for number in range(count))


@pytest.mark.parametrize(
    "content",
    [
        "email\nana@example.com\nbo@example.com\n",
        "\ufeffname;EMail\r\nAna;ana@example.com\r\n;\r\n\r\nBo; bo@example.com\r\n",
        'name,email\n"Ana, A.",ana@example.com\n,bo@example.com\nAna,ANA@example.com\n',
        "\nemail\tname\nana@example.com\tAna\nbo@example.com",
    ],
)
def test_a_contacts_file_is_read_as_people_save_it(tmp_path: Path, content: str) -> None:
    (move,) = check_plan(contacts(tmp_path, content), folder=tmp_path).moves

    assert move.request.contacts == ("ana@example.com", "bo@example.com")
    assert (move.name, move.contacts_file) == ("m0", None)


@pytest.mark.parametrize(
    ("content", "hint"),
    [
        ("", "has no column email; it is empty"),
        ("mail;name\nana@example.com;Ana\n", "its first row has 'mail', 'name'"),
        ("email\n\n", "holds no address"),
        ("email\nana@example.com\nana\n\n", "correct row 3: 'ana'"),
        ("name,email\nAna,\n", "correct row 2: empty"),
        ("email\n" + "x\n" * 12, "row 11: 'x', and 2 more"),
        ('email\n"' + "x" * 200_000, "must be CSV text"),
    ],
)
def test_a_contacts_file_that_is_wrong_is_refused_by_its_rows(tmp_path: Path, content: str, hint: str) -> None:
    assert hint in told(contacts(tmp_path, content), tmp_path)["moves[0].contacts_file"]


def test_a_contacts_file_that_is_not_there_is_named_beside_other_problems(tmp_path: Path) -> None:
    problems = told(plan_of({"request": {**REQUEST, "limit": 0}, "contacts_file": "leads.csv"}), tmp_path)

    assert "there is no file" in problems["moves[0].contacts_file"]
    assert "at least 1" in problems["moves[0].request.limit"]


def test_contacts_are_given_in_the_plan_or_in_a_file_not_both(tmp_path: Path) -> None:
    given = contacts(tmp_path, column(1), request={**REQUEST, "contacts": ["ana@example.com"]})

    assert "keep one of the two" in told(given, tmp_path)["moves[0].contacts_file"]


def test_a_long_contacts_file_becomes_moves_of_1000_in_order(tmp_path: Path) -> None:
    given = contacts(tmp_path, column(2_001), notify=["slack-webhook/ops"])
    plan = check_plan(given, folder=tmp_path)

    assert [move.name for move in plan.moves] == ["m0 [1/3]", "m0 [2/3]", "m0 [3/3]"]
    assert [len(move.request.contacts or ()) for move in plan.moves] == [1000, 1000, 1]
    assert plan.moves[2].request.contacts == ("a2000@example.com",)
    assert {move.notify for move in plan.moves} == {("slack-webhook/ops",)}
    assert check_plan(plan.model_dump(mode="json")) == plan


@pytest.mark.parametrize(
    ("move", "field"),
    [
        ({"request": {**REQUEST, "limit": 5}}, "moves[0].request.limit"),
        ({"expect": {"at_least": 1}}, "moves[0].expect.at_least"),
        ({"expect": {"at_most": 9}}, "moves[0].expect.at_most"),
    ],
)
def test_what_is_said_of_one_request_is_refused_for_several(
    tmp_path: Path, move: dict[str, Any], field: str
) -> None:
    assert "cannot be shared out" in told(contacts(tmp_path, column(1_001), **move), tmp_path)[field]
    assert check_plan(contacts(tmp_path, column(1_000), **move), folder=tmp_path)


def test_a_chunk_needs_a_name_of_its_own(tmp_path: Path) -> None:
    taken = contacts(tmp_path, column(1_001))
    taken["moves"].append({"name": "m0 [2/2]", "request": LIMITED})

    assert "names are unique" in told(taken, tmp_path)["moves[2].name"]
    assert "[2/2]" in told(contacts(tmp_path, column(1_001), name="a" * 95), tmp_path)["moves[0].name"]


def test_a_form_can_draw_a_plan() -> None:
    drawn = json.dumps(Plan.model_json_schema())

    assert "oneOf" not in drawn
    assert '"additionalProperties": true' not in drawn
    move = Plan.model_json_schema()["$defs"]["Move"]["properties"]
    assert list(move) == [
        *("name", "request", "whole_source", "contacts_file", "expect", "deadline", "on_success", "notify")
    ]
    assert all(field["title"] and field["description"] for field in move.values())


def test_the_time_to_read_grows_with_the_plan() -> None:
    def seconds(count: int) -> float:
        entry = GOOD.removeprefix("moves:\n")
        text = "moves:\n" + "".join(entry.replace("eu-google", f"m{number}") for number in range(count))
        started = time.process_time()
        assert len(parse(text).moves) == count
        return time.process_time() - started

    # Eight times the moves: about eight times the time, sixty-four would be quadratic.
    assert min(seconds(800) for _ in range(2)) < 24 * min(seconds(100) for _ in range(3))
