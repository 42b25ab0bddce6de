"""One sandbox: a workspace, its jobs, its faults and limits on one clock, behind the endpoints of the API."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.routing import Match, Route

from sandbox import routes_jobs, routes_leads, routes_switches, routes_workspace
from sandbox.checks import Refusal
from sandbox.faults import Faults
from sandbox.jobs import Job, Jobs, Progress
from sandbox.limits import Limits, Stats
from sandbox.moves import default_seconds
from sandbox.seeded import seeded

if TYPE_CHECKING:
    import httpx

    from sandbox.workspace import Workspace

Seconds = float | Callable[[int], float]
ROUTERS = (routes_switches.router, routes_leads.router, routes_jobs.router, routes_workspace.router)


OWN_ID = re.compile(r"\{\w+_id\}")  # the vendor's templates say {id}


@dataclass(frozen=True, slots=True)
class Settings:
    """What a sandbox is told before it starts.

    seconds_per_job: how long a move takes from created to ended, fixed or by its number of leads;
    None is 0.25 s + 1 ms a lead (a guess). latency: seconds that every request takes on its way.
    """

    key: str = "sandbox-key"
    seed: int = 0
    seconds_per_job: Seconds | None = None
    progress: Progress = "honest"
    per_second: int | None = 100
    per_minute: int | None = 6_000
    latency: float = 0.0


class Sandbox:
    """A local Instantly. Time comes in from outside, so a virtual clock runs it as well as a real one."""

    def __init__(
        self,
        workspace: "Workspace | None" = None,
        settings: Settings | None = None,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.settings = settings or Settings()
        self.now = now
        self.sleep = sleep
        self._workspace = workspace or seeded(seed=self.settings.seed, now=now())
        self._jobs = Jobs(self.settings.seed)
        self.faults = Faults(self.settings.seed)
        self.limits = Limits(self.settings.per_second, self.settings.per_minute)
        self.stats = Stats()
        self._locks: dict[str, Job] = {}
        self.app = _app(self)

    def advance(self) -> None:
        """Let all that is due by now happen: jobs begin and end without anybody looking."""
        self._jobs.advance(self.now())

    @property
    def workspace(self) -> "Workspace":
        """The workspace as it is now."""
        self.advance()
        return self._workspace

    @property
    def jobs(self) -> Jobs:
        """The jobs as they are now."""
        self.advance()
        return self._jobs

    def stats_now(self) -> dict[str, Any]:
        """What GET /sandbox/stats tells."""
        return self.stats.as_json(self.jobs.by_id.values(), self.now())

    def seconds_for(self, leads: int) -> float:
        wanted = self.settings.seconds_per_job
        if wanted is None:
            return default_seconds(leads)
        return wanted(leads) if callable(wanted) else wanted

    def locked(self, place_id: str) -> bool:
        """Whether a move job that has not ended holds this list or campaign."""
        self.advance()
        return place_id in self._locks

    def lock(self, job: Job, *place_ids: str) -> None:
        self._locks.update(dict.fromkeys(place_ids, job))

    def unlock(self, job: Job) -> None:
        self._locks = {place_id: holder for place_id, holder in self._locks.items() if holder is not job}

    def endpoint(self, method: str, path: str) -> str:
        """Method and template of a request, e.g. GET /api/v2/background-jobs/{id}."""
        for router in ROUTERS:
            for route in router.routes:
                if isinstance(route, Route):
                    match, _ = route.matches({"type": "http", "method": method, "path": path})
                    if match is Match.FULL:
                        return f"{method} {OWN_ID.sub('{id}', route.path)}"
        return f"{method} (unknown)"

    def transport(self) -> "httpx.AsyncBaseTransport":
        """For httpx.AsyncClient(transport=…): this sandbox in process, its faults as httpx errors."""
        from sandbox.transport import InProcess  # noqa: PLC0415  (a served sandbox needs no httpx)

        return InProcess(self)

    def listening(self, host: str = "127.0.0.1", port: int = 0) -> AbstractAsyncContextManager[str]:
        """`async with sandbox.listening() as url`: on a real socket, in a thread of its own."""
        from sandbox.serve import listening  # noqa: PLC0415  (uvicorn only where there is a socket)

        return listening(self, host, port)

    def running(self, host: str = "127.0.0.1", port: int = 0) -> AbstractContextManager[str]:
        """`with sandbox.running() as url`: the same for callers without a loop."""
        from sandbox.serve import running  # noqa: PLC0415  (as above)

        return running(self, host, port)


def create(
    leads: int = 1_000,
    seed: int = 0,
    settings: Settings | None = None,
    now: Callable[[], float] = time.time,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Sandbox:
    """A sandbox over a workspace made from a seed."""
    return Sandbox(seeded(leads, seed, now()), settings, now, sleep)


def _app(sandbox: Sandbox) -> FastAPI:
    app = FastAPI(title="A local Instantly", openapi_url=None, redirect_slashes=False)
    app.state.sandbox = sandbox
    for router in ROUTERS:
        app.include_router(router)

    @app.exception_handler(Refusal)
    async def refused(_: Request, refusal: Refusal) -> JSONResponse:
        return JSONResponse(refusal.body(), refusal.status)

    @app.exception_handler(404)
    async def no_route(request: Request, _: Exception) -> JSONResponse:
        missing = Refusal(404, f"Route {request.method}:{request.url.path} not found")
        return JSONResponse(missing.body(), 404)

    return app
