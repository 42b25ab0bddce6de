"""Send a move once."""

from prefect import task
from prefect.cache_policies import NO_CACHE

from leadmoves.course import Course


@task(name="submit", task_run_name="submit {course.row.name}", cache_policy=NO_CACHE, retries=0)
async def submit_move(course: Course) -> None:
    """Bring a move to a job, at most one a key; never retried, for a second POST is a second job."""
    await course.submit()
