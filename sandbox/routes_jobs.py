"""Background jobs: listed, read; and the answer of what starts one."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Self, cast

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from sandbox.checks import commas, not_found, one_of, page_limit
from sandbox.faults import Kind
from sandbox.jobs import Job, Script

if TYPE_CHECKING:
    from sandbox.app import Sandbox

router = APIRouter(prefix="/api/v2/background-jobs")
SCRIPTED: frozenset[Kind] = frozenset(("job",))
HIDING: frozenset[Kind] = frozenset(("hide-job",))
TYPES = (
    "move-leads",
    "import-leads",
    "export-leads",
    "update-warmup-accounts",
    "rename-variable",
    "broadcast-ai-generate",
    "broadcast-website-scrape",
    "import-subscribers-from-crm",
    "resync-subscriber-crm-tags",
)
ENTITY_TYPES = ("list", "campaign", "workspace", "broadcast", "subscriber-group-sync", "subscriber-group")


def sandbox_of(request: Request) -> "Sandbox":
    return cast("Sandbox", request.app.state.sandbox)


def script_for(request: Request) -> Script:
    """How the job of this request shall go."""
    fault = sandbox_of(request).faults.draw(SCRIPTED, request.method, request.url.path)
    return fault.script or Script() if fault else Script()


def accepted(request: Request, job: Job) -> JSONResponse:
    """The job as its POST answers it: user_id null with an API key, and of a move's data only the filters."""
    sandbox = sandbox_of(request)
    hiding = sandbox.faults.draw(HIDING, request.method, request.url.path)
    if hiding is not None:
        until = sandbox.now() + hiding.seconds
        job.listed_from = until if hiding.from_list else job.listed_from
        job.readable_from = until if hiding.from_get else job.readable_from
    shown = job.shown(job.life.created, sandbox.workspace.id, sandbox.faults.skew)
    return JSONResponse({**shown, "user_id": None})


@router.get("/{job_id}")
async def read_job(request: Request, job_id: str) -> JSONResponse:
    sandbox = sandbox_of(request)
    now = sandbox.now()
    job = sandbox.jobs.by_id.get(job_id)
    if job is None or job.readable_from > now:
        raise not_found()
    shown = _show(request, job)
    fields = commas(request.query_params, "data_fields")
    if fields is not None:
        shown["data"] = {key: value for key, value in shown["data"].items() if key in fields}
    return JSONResponse(shown)


@router.get("")
async def list_jobs(request: Request) -> JSONResponse:
    """Newest first; the cursor is the last item's id and comes with the last non-empty page too (recorded)."""
    wanted = Wanted.of(request.query_params)
    page = list(islice(_behind(_chosen(request, wanted), request, wanted), wanted.limit))
    answer: dict[str, Any] = {"items": [_show(request, job) for job in page]}
    if page:
        answer["next_starting_after"] = page[-1].id
    return JSONResponse(answer)


def _show(request: Request, job: Job) -> dict[str, Any]:
    """A job for a client, which then knows whether it ended."""
    sandbox = sandbox_of(request)
    if job.look(sandbox.now()).terminal:
        request.scope["seen_ended"].append(job)
    return job.shown(sandbox.now(), sandbox.workspace.id, sandbox.faults.skew)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The query of a job list. `ids` and `included_ids` are taken as the same (no word says how they differ)."""

    limit: int
    after: str | None
    ids: list[str] | None
    excluded: list[str]
    type: str | None
    entity_type: str | None
    entities: list[str] | None
    statuses: list[str] | None
    column: str
    ascending: bool

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Self:
        ids, included = commas(query, "ids"), commas(query, "included_ids")
        return cls(
            limit=page_limit(query.get("limit")),
            after=query.get("starting_after"),
            ids=included if ids is None else [*ids, *(included or ())],
            excluded=commas(query, "excluded_ids") or [],
            type=one_of(query, "type", TYPES),
            entity_type=one_of(query, "entity_type", ENTITY_TYPES),
            entities=commas(query, "entity_id"),
            statuses=commas(query, "status"),
            column=one_of(query, "sort_column", ("created_at", "updated_at")) or "created_at",
            ascending=one_of(query, "sort_order", ("asc", "desc")) == "asc",
        )

    def takes(self, job: Job, now: float) -> bool:
        return (
            job.listed_from <= now
            and job.id not in self.excluded
            and self.type in (None, job.type)
            and self.entity_type in (None, job.entity_type)
            and (self.entities is None or job.entity_id in self.entities)
            and (self.statuses is None or job.look(now).status in self.statuses)
        )

    def key(self, job: Job, now: float) -> tuple[float, str]:
        return (job.look(now).updated if self.column == "updated_at" else job.life.created, job.id)


def _chosen(request: Request, wanted: Wanted) -> Iterator[Job]:
    """The jobs that match, in the order asked for."""
    sandbox = sandbox_of(request)
    jobs, now = sandbox.jobs, sandbox.now()
    if wanted.ids is not None:
        found = [jobs.by_id[job_id] for job_id in dict.fromkeys(wanted.ids) if job_id in jobs.by_id]
    elif wanted.entities is not None:
        found = jobs.of_entities(wanted.entities)
    elif wanted.column == "created_at" and not wanted.ascending:
        return (job for job in jobs.newest_first() if wanted.takes(job, now))  # already in order: no sorting
    else:
        found = list(jobs.by_id.values())
    matching = [job for job in found if wanted.takes(job, now)]
    return iter(sorted(matching, key=lambda job: wanted.key(job, now), reverse=not wanted.ascending))


def _behind(found: Iterator[Job], request: Request, wanted: Wanted) -> Iterator[Job]:
    """What follows the cursor, even where its own job no longer matches; an unknown cursor ends the list."""
    if wanted.after is None:
        return found
    sandbox = sandbox_of(request)
    now, last = sandbox.now(), sandbox.jobs.by_id.get(wanted.after)
    if last is None:
        return iter(())
    edge = wanted.key(last, now)
    if wanted.ascending:
        return (job for job in found if wanted.key(job, now) > edge)
    return (job for job in found if wanted.key(job, now) < edge)
