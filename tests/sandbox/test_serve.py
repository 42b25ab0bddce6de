"""The sandbox on a real socket: what is lost there, looks lost to any client."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from sandbox import Fault, create, running
from sandbox.__main__ import welcome

KEY = {"authorization": "Bearer sandbox-key"}
ROOT = Path(__file__).parents[2]
MOVE = "/api/v2/leads/move"


@pytest.mark.parametrize(("kind", "made"), [("lose-request", 0), ("lose-answer", 1)])
def test_a_lost_connection_breaks_the_request_with_and_without_effect(kind: str, made: int) -> None:
    sandbox = create(50)
    places = sandbox.workspace
    body = {"list_id": places.named("Trade fair").id, "to_campaign_id": places.named("Win-back").id}
    with running(sandbox) as url, httpx.Client(base_url=url, headers=KEY) as client:
        client.post("/sandbox/faults", json={"kind": kind, "path": MOVE})
        with pytest.raises(httpx.TransportError):
            client.post(MOVE, json=body)
        after = client.get("/api/v2/background-jobs")

    assert len(after.json()["items"]) == made
    assert "date" in after.headers


async def test_a_hang_is_a_read_timeout_and_holds_nobody_else() -> None:
    sandbox = create(50)
    sandbox.faults.add(Fault(kind="hang", seconds=60))
    started = time.monotonic()
    async with sandbox.listening() as url, httpx.AsyncClient(base_url=url, headers=KEY, timeout=0.05) as client:
        with pytest.raises(httpx.ReadTimeout):
            await client.get("/api/v2/campaigns")
        assert (await client.get("/api/v2/campaigns", timeout=5)).status_code == 200

    assert time.monotonic() - started < 5


def test_the_welcome_names_all_that_is_needed_to_try_it() -> None:
    sandbox = create(50)

    told = welcome(sandbox, "http://127.0.0.1:1")

    for place in sandbox.workspace.places.values():
        assert place.id in told
        assert place.name in told
    assert "curl -H 'Authorization: Bearer sandbox-key' http://127.0.0.1:1/api/v2/background-jobs" in told


def test_the_module_serves_says_where_and_ends_on_an_interrupt() -> None:
    command = [sys.executable, "-m", "sandbox", "--leads", "50", "--key", "k"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().split()[-1]
            answer = httpx.get(f"{url}/api/v2/campaigns", headers={"authorization": "Bearer k"})
        finally:
            process.send_signal(signal.SIGINT)

    assert len(answer.json()["items"]) == 3
    assert process.returncode == 0
