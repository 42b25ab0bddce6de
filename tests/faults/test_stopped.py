"""A real process that is stopped just before its first byte, for longer than its lease, and then wakes up."""

import os
import signal
import subprocess
from typing import Any

from tests.faults.processes import LONGEST, Scene, said


def stopped_and_woken(scene: Scene, **env: str) -> "tuple[dict[str, Any], subprocess.Popen[str]]":
    """One process is stopped as it says «sending», a second does its work, then the first wakes up."""
    sleeper = scene.start("stopped", "stop", "sending", **env)
    os.waitpid(sleeper.pid, os.WUNTRACED)
    heir = said(scene.start("stopped"))
    sleeper.send_signal(signal.SIGCONT)
    return heir, sleeper


def test_stopped_for_longer_than_the_lease_it_wakes_up_and_sends_nothing(scene: Scene) -> None:
    heir, sleeper = stopped_and_woken(scene)

    assert said(sleeper)["job_ids"] == heir["job_ids"] == list(scene.jobs)
    assert scene.requests("POST") == 1


def test_without_the_fence_it_wakes_up_and_makes_a_second_job(scene: Scene) -> None:
    _, sleeper = stopped_and_woken(scene, UNFENCED="1")
    sleeper.communicate(timeout=LONGEST)

    assert len(scene.jobs) == 2
