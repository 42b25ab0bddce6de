"""What a run leaves in Prefect: artifacts, events, few task runs; and never the key."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from prefect import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.client.schemas.sorting import TaskRunSort
from prefect.events.worker import EventsWorker
from prefect.logging.handlers import APILogWorker
from prefect.settings import PREFECT_HOME, PREFECT_SERVER_DATABASE_CONNECTION_URL

from flows.move_leads import move_leads
from tasks.credentials import InstantlyCredentials

if TYPE_CHECKING:
    from uuid import UUID

    from .conftest import Channel, Ran, Scene

    Run = Callable[..., Awaitable[Ran]]

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # see test_move_leads


async def test_a_run_by_credentials_block_leaves_its_traces_and_no_key(
    scene: "Scene",
    run: "Run",
    channel: "Channel",
    own_ledger: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    key = scene.sandbox.settings.key
    await InstantlyCredentials(api_key=key, api_url=scene.url).save("ops", overwrite=True)
    monkeypatch.delenv("INSTANTLY_API_KEY")
    monkeypatch.delenv("INSTANTLY_API_URL")
    scene.workspace.add_account("ana@example.com", 0)
    warmup = {"enable_warmup": {"emails": ["ana@example.com", "nobody@example.com"]}}

    ran = await run(move_leads, move=scene.move(on_success=warmup, notify=[channel.block]), credentials="ops")

    assert ran.move.outcome == "succeeded"
    flow_run = ran.state.state_details.flow_run_id
    assert flow_run is not None
    names = await _task_runs(flow_run, 5)
    assert len(names) == 5, names
    assert sum(name.startswith(("submit", "verify", "warm up", "notify", "wait for jobs")) for name in names) == 5
    assert {"intended", "sent", "succeeded"} <= await _events(ran.move.key, "succeeded")
    artifacts = await _artifacts(flow_run)
    assert artifacts["progress"] == 100
    assert [line["outcome"] for line in artifacts["table"]] == ["succeeded"]
    await APILogWorker.drain_all()
    where = [*Path(PREFECT_HOME.value()).rglob("*"), *_database(), own_ledger]
    assert not [path for path in where if path.is_file() and key.encode() in path.read_bytes()]
    assert key not in caplog.text + str(ran) + str(channel.posts)


async def test_a_block_that_is_missing_is_named_and_nothing_sent(scene: "Scene") -> None:
    state = await move_leads(move=scene.move(), credentials="nobody", return_state=True)

    assert "instantly-credentials/nobody" in (state.message or "")
    assert scene.requests == 0


async def test_a_block_that_would_show_the_key_to_the_network_is_refused(scene: "Scene") -> None:
    plain = InstantlyCredentials(api_key=scene.sandbox.settings.key, api_url="http://api.instantly.ai")
    await plain.save("plain", overwrite=True)

    state = await move_leads(move=scene.move(), credentials="plain", return_state=True)

    assert "credentials" in (state.message or "")
    assert "use https" in (state.message or "")
    assert scene.requests == 0


async def _task_runs(flow_run: "UUID", expected: int) -> list[str]:
    """The names of all task runs, once the recorder has them."""
    this_run = FlowRunFilter(id=FlowRunFilterId(any_=[flow_run]))
    what = {"flow_run_filter": this_run, "limit": 50, "sort": TaskRunSort.ID_DESC}
    await EventsWorker.drain_all()
    async with get_client() as client:
        for _ in range(100):
            found = [run.name for run in await client.read_task_runs(**what)]
            if len(found) >= expected:
                break
            await asyncio.sleep(0.1)  # the server writes them down in its own time
    return found


async def _events(key: str, last: str) -> set[str]:
    """What was emitted on the resource of a move, once the last has arrived."""
    wanted = {
        "occurred": {"since": (datetime.now(UTC) - timedelta(hours=1)).isoformat()},
        "resource": {"id": [f"lead-move.{key}"]},
    }
    async with get_client() as client:
        for _ in range(100):
            answer = await client._client.post("/events/filter", json={"filter": wanted})
            found = {event["event"].removeprefix("lead-move.") for event in answer.json()["events"]}
            if last in found:
                break
            await asyncio.sleep(0.1)  # as above
    return found


async def _artifacts(flow_run: "UUID") -> dict[str, Any]:
    """The data of each artifact by its type."""
    this_run = {"artifacts": {"flow_run_id": {"any_": [str(flow_run)]}}}
    async with get_client() as client:
        found = (await client._client.post("/artifacts/filter", json=this_run)).json()
    return {
        artifact["type"]: json.loads(artifact["data"]) if isinstance(artifact["data"], str) else artifact["data"]
        for artifact in found
    }


def _database() -> list[Path]:
    """The database of the server, with its journal."""
    file = Path(str(PREFECT_SERVER_DATABASE_CONNECTION_URL.value()).partition(":///")[2])
    assert file.is_file()
    return list(file.parent.glob(f"{file.name}*"))
