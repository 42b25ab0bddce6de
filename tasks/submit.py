"""Send moves once: one task for a whole batch, whatever the number of moves."""

from prefect import task
from prefect.cache_policies import NO_CACHE

from leadmoves.submit.batch import Batch


@task(name="submit moves", task_run_name="submit moves", cache_policy=NO_CACHE, retries=0)
async def submit_moves(batch: Batch) -> int:
    """Bring moves to jobs, at most one a key; never retried, for a second POST is a second job."""
    return await batch.run()
