"""Read a sample of moved leads back."""

from prefect import task
from prefect.cache_policies import NO_CACHE

from leadmoves.course import Course
from leadmoves.outcome.report import Verified


@task(name="verify", task_run_name="verify {course.row.name}", cache_policy=NO_CACHE, retries=0)
async def verify_move(course: Course) -> Verified | None:
    """Whether a sample of the leads is where it should be; None where leads may not be read."""
    return await course.verify()
