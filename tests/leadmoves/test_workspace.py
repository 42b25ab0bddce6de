"""A workspace: opened and closed whole, its lease renewed while it lives."""

import asyncio
from pathlib import Path

import pytest
from pydantic import SecretStr

from leadmoves.begin import begin
from leadmoves.clock import SystemClock
from leadmoves.errors import LedgerError
from leadmoves.ledger import Ledger
from leadmoves.plan import check_plan
from leadmoves.settings import read_settings
from leadmoves.workspace import _renew, open_workspace
from sandbox import Sandbox, Workspace
from tests.leadmoves.office import office, open_ledger
from tests.leadmoves.scene import KEY, virtually


@virtually
async def test_a_living_owner_is_never_taken_over_and_a_dead_one_within_a_lease(tmp_path: Path) -> None:
    async with office(tmp_path) as here:
        course = await here.course(here.move())
        other = await open_ledger(tmp_path, here.scene)
        renewing = asyncio.create_task(_renew(here.desk.ledger, here.scene.clock, pytest.fail))
        taken = []
        for _ in range(60):
            await here.scene.clock.sleep(1)
            taken.append(await other.take(course.row.key))
        renewing.cancel()
        died = here.scene.clock.monotonic()
        while not await other.take(course.row.key):
            await here.scene.clock.sleep(0.5)

        assert not any(taken)
        assert here.scene.clock.monotonic() - died <= here.desk.ledger.lease + 0.5
        await other.close()


@virtually
async def test_a_renewal_that_fails_is_told_and_tried_again(tmp_path: Path) -> None:
    async with office(tmp_path) as here:
        said: list[str] = []
        broken = Ledger("sqlite+aiosqlite:////proc/nowhere/ledger.sqlite", here.scene.clock, lease=4)

        renewing = asyncio.create_task(_renew(broken, here.scene.clock, said.append))
        while len(said) < 2:
            await here.scene.clock.sleep(1)
        renewing.cancel()

        assert all("cannot be used" in text for text in said)
        await broken.close()


async def test_on_a_clean_way_out_everything_is_given_back(own_ledger: Path) -> None:
    """On the machine's own clock and threads: what the next process finds at once."""
    sandbox = Sandbox(Workspace(1))
    source, destination = sandbox.workspace.add_list("A"), sandbox.workspace.add_campaign("B")
    request = {"list_id": source.id, "to_campaign_id": destination.id, "limit": 1}
    plan = check_plan({"moves": [{"name": "top-up", "request": request}]})
    settings = read_settings()

    async with open_workspace(settings, SecretStr(KEY), transport=sandbox.transport()) as desk:
        [row] = await begin(desk.ledger, plan, "today")
        assert await desk.ledger.hold(row) is None
    other = await Ledger.open(settings.ledger_url, SystemClock(), settings.lease)

    assert await other.take(row.key)
    assert await other.hold(row) is None
    await other.close()
    assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []
    assert all(file.stat().st_mode & 0o077 == 0 for file in own_ledger.parent.glob("ledger.sqlite"))
    assert not [file for file in own_ledger.parent.iterdir() if KEY.encode() in file.read_bytes()]


async def test_a_ledger_that_cannot_be_opened_sends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEAD_MOVES_LEDGER", "sqlite:////proc/nowhere/ledger.sqlite")
    sandbox = Sandbox(Workspace(1))

    with pytest.raises(LedgerError, match="cannot be"):
        async with open_workspace(read_settings(), SecretStr(KEY), transport=sandbox.transport()):
            pass

    assert sandbox.stats.requests.total() == 0
