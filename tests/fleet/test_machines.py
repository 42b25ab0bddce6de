"""Two machines, one ledger: a move is sent once, whoever begins it and whoever dies."""

import json
import time

from tests.deployments.shell import PATIENCE, Shell

Machines = tuple[Shell, Shell]


def test_the_same_plan_at_the_same_moment_makes_one_job_and_both_report_it(machines: Machines) -> None:
    one, _ = machines
    one.script(duration=3)
    words = ("--occasion", "today", "--json")

    both = [machine.start("run", machine.plan(), *words) for machine in machines]

    assert [each.end() for each in both] == [0, 0], [each.text for each in both]
    told = [json.loads(each.text[each.text.index("{\n") :])["moves"][0] for each in both]
    assert [move["outcome"] for move in told] == ["succeeded", "succeeded"]
    assert told[0]["job_ids"] == told[1]["job_ids"]
    assert (one.posts, len(one.sandbox.jobs.by_id)) == (1, 1)


def test_what_a_dead_machine_began_another_finishes(machines: Machines) -> None:
    one, other = machines
    one.script(duration=4)
    dying = one.start("run", one.plan(), "--occasion", "today")
    dying.until("sent, job")
    dying.kill()
    dying.end()

    over = time.monotonic() + PATIENCE
    while not (moves := other.json("resume")[1]["moves"]):  # until the dead owner's lease is out
        assert time.monotonic() < over

    assert (moves[0]["outcome"], moves[0]["requests"]["submit"]) == ("succeeded", 0)
    assert (one.posts, len(one.sandbox.jobs.by_id)) == (1, 1)
