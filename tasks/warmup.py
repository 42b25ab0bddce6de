"""Enable warmup, wait for its jobs, and look at every account."""

from prefect import task
from prefect.cache_policies import NO_CACHE

from leadmoves.api.tally import Tally
from leadmoves.course import Course
from leadmoves.outcome.report import WarmupReport
from leadmoves.plan import WarmupRequest
from leadmoves.warmup.warming import warm_up
from leadmoves.workspace import Workspace


@task(name="enable warmup", task_run_name="warm up after {course.row.name}", cache_policy=NO_CACHE, retries=0)
async def warm_up_after(course: Course) -> WarmupReport | None:
    """The warmup that a move's success asks for, once an occasion."""
    return await course.warm_up()


@task(name="enable warmup", cache_policy=NO_CACHE, retries=0)
async def warm_up_now(desk: Workspace, request: WarmupRequest, occasion: str, patience: float) -> WarmupReport:
    """A warmup on its own; `patience` in seconds."""
    deadline = desk.clock.monotonic() + patience
    return await warm_up(desk, request, occasion=occasion, tally=Tally(), deadline=deadline)
