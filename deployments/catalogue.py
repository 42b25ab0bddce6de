"""What runs where and when, as data: the work pool, and every deployment with its limit and its schedules.

The next deployment is one more entry of CATALOGUE, and the same in prefect.yaml; a test holds the two equal.
"""

from pathlib import Path

import flows
from deployments.timetable import Schedule
from leadmoves.plan.refusal import Input

POOL = "lead-moves"
POOL_TYPE = "process"
TAGS = ("instantly", "lead-moves")
# Where the entry points count from: the checkout, or where the package is installed.
ROOT = Path(flows.__file__).resolve().parent.parent


class Offer(Input):
    """One deployment.

    Attributes:
        name: its own name and its flow's.
        function: the flow's module and function.
        at_once: runs side by side; one more waits its turn. A waiting run is a process of about 150 MB.

    """

    name: str
    function: str
    description: str
    at_once: int
    schedules: tuple[Schedule, ...] = ()

    @property
    def full_name(self) -> str:
        return f"{self.name}/{self.name}"

    @property
    def entry_point(self) -> str:
        """For a worker that starts at ROOT."""
        return f"flows/{self.function}.py:{self.function}"

    @property
    def module(self) -> str:
        """For a worker whose Python has the package installed, wherever it starts."""
        return f"flows.{self.function}.{self.function}"


CATALOGUE = (
    Offer(
        name="move-leads",
        function="move_leads",
        description="Move leads from a list or campaign to another, once, and tell how it ended.",
        at_once=10,
    ),
    Offer(
        name="move-plan",
        function="move_plan",
        description="Make all moves of a plan; one that fails stops no other unless the plan says so.",
        at_once=4,
    ),
    Offer(
        name="resume-moves",
        function="resume_moves",
        description="Finish moves whose run died, or whose job still ran when their run stopped waiting.",
        at_once=4,
        # Crashed moves wait five minutes at most; a run that finds nothing costs one process and no request.
        schedules=(Schedule(slug="every-five-minutes", cron="*/5 * * * *"),),
    ),
    Offer(
        name="preview-plan",
        function="preview_plan",
        description="Count the leads that each move of a plan would take; nothing is moved.",
        at_once=4,
    ),
    Offer(
        name="undo-move",
        function="undo_move",
        description="Move the leads of a finished move back; a second run of the same undo sends nothing.",
        at_once=4,
    ),
    Offer(
        name="enable-warmup",
        function="enable_warmup",
        description="Enable warmup for sending accounts, and tell which of them do not warm up.",
        at_once=4,
    ),
)
