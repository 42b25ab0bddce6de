"""Wait for jobs: one task for a whole batch, whatever the number of looks."""

from prefect import task
from prefect.cache_policies import NO_CACHE

from leadmoves.workspace import Workspace


@task(name="wait for jobs", task_run_name="wait for jobs", cache_policy=NO_CACHE, retries=0)
async def wait_for_jobs(desk: Workspace) -> int:
    """Look at all running jobs until the batch is closed; returns how many looks it took."""
    return await desk.watch.run()
