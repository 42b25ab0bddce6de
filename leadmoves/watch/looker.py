"""One look at many jobs: which requests answer it, and how the rows stay small.

one job ............ GET /background-jobs/{id}?data_fields=…          counters and errors alone
up to 100 .......... GET /background-jobs?ids=…                      one page
more ............... GET /background-jobs?status=success,failed,cancelled, latest change first: about one page
rows too heavy ..... GET /background-jobs?ids=…&status=<running>; what is missing there is asked for by id

A list has no `data_fields`: the row of an ended move carries up to 10,000 addresses. Whether rows are heavy
shows in the first ones that come.
"""

import asyncio
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from leadmoves.api import Instantly, JobQuery
from leadmoves.api.tally import Tally, counting
from leadmoves.errors import LeadMoveError, NotFound
from leadmoves.jobs import DATA_FIELDS, ENDED, Job, parse_job
from leadmoves.submit.joblist import RUNNING
from leadmoves.watch.cadence import PAGE, Look

# Addresses in one row from which on rows count as heavy: 1,000 are 30 kB, a page of such rows 3 MB.
HEAVY = 1000
# How far back behind the newest change a feed is read again (seconds): rows may become visible out of order.
# What comes later still is found by the sweep of those out of sight.
OVERLAP = 1.0


@dataclass
class Sight:
    """What a look saw, also where it broke off.

    Attributes:
        rows: by job id.
        unknown: jobs that the API says it does not know.
        error: what broke it off; what it did not see then is not known.
        requests: what such a look takes each time; that an ended job is asked for by id happens once.

    """

    rows: dict[str, Job] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)
    error: LeadMoveError | None = None
    requests: int = 0


class Looker:
    """Carries looks out. Remembers how far the feed was read and whether rows are heavy."""

    def __init__(self, api: Instantly) -> None:
        self._api = api.without_retries()  # a failed look is followed by the next one, not by a retry
        self._read_up_to: float | None = None
        self._heavy = False

    async def look(self, look: Look, tallies: Mapping[str, Tally], young: Collection[str] = ()) -> Sight:
        """Ask what the look asks for.

        Args:
            look: whose `ids` are job ids.
            tallies: of all watched jobs; each request is counted at one of them.
            young: jobs that a list may not show yet; any other that it misses is asked for by id.

        """
        sight = Sight()
        try:
            await self._fill(sight, look, tallies, young)
        except LeadMoveError as error:
            sight.error = error
        return sight

    async def _fill(self, sight: Sight, look: Look, tallies: Mapping[str, Tally], young: Collection[str]) -> None:
        if len(tallies) == 1:
            return await self._one(sight, next(iter(tallies)), tallies)
        ids = look.ids
        if self._heavy:
            ids, young = ids or tuple(tallies), ()
        elif look.feed:
            await self._feed(sight, look.feed, tallies)
        for page in _pages([job_id for job_id in ids if job_id not in sight.rows]):
            # An ended row is the heavy one; asked for by id, it comes without its addresses.
            await self._list(sight, JobQuery(ids=page, status=RUNNING if self._heavy else ()), tallies, page)
        missing = [job_id for job_id in ids if job_id not in sight.rows and job_id not in young]
        return await self._by_id(sight, missing, tallies)

    async def _one(self, sight: Sight, job_id: str, tallies: Mapping[str, Tally]) -> None:
        with counting(tallies[job_id], "look"):
            try:
                sight.rows[job_id] = job = await self._api.get_job(job_id, DATA_FIELDS)
                sight.requests += not job.ended
            except NotFound:
                sight.unknown.add(job_id)
                sight.requests += 1

    async def _by_id(self, sight: Sight, ids: Sequence[str], tallies: Mapping[str, Tally]) -> None:
        """One GET a job, for those that a list did not show; one that fails does not spoil the others."""
        asked = [self._one(sight, job_id, tallies) for job_id in ids]
        for failure in await asyncio.gather(*asked, return_exceptions=True):
            if failure:
                raise failure

    async def _feed(self, sight: Sight, pages: int, tallies: Mapping[str, Tally]) -> None:
        """What ended since the last look, latest first, and no further back."""
        query = JobQuery(status=sorted(ENDED), sort_column="updated_at")
        newest, cursor = self._read_up_to, None
        for _ in range(pages):
            sight.requests += 1
            with counting(_poorest(tallies, tallies), "look"):
                page = await self._api.list_jobs(query, cursor)
            jobs = self._weighed(page.items)
            sight.rows |= {job.id: job for job in jobs if job.id in tallies}
            changes = [job.updated_at.timestamp() for job in jobs if job.updated_at]
            newest = max([*changes, *([newest] if newest else [])], default=None)
            if self._covered(changes) or len(page.items) < PAGE or page.cursor in {None, cursor}:
                break
            cursor = page.cursor
        self._read_up_to = newest

    def _covered(self, changes: Sequence[float]) -> bool:
        """The page reaches back to what the previous look read."""
        return bool(self._read_up_to and changes and min(changes) < self._read_up_to - OVERLAP)

    async def _list(
        self, sight: Sight, query: JobQuery, tallies: Mapping[str, Tally], asked: Sequence[str]
    ) -> None:
        sight.requests += 1
        with counting(_poorest(tallies, asked), "look"):
            page = await self._api.list_jobs(query)
        sight.rows |= {job.id: job for job in self._weighed(page.items) if job.id in tallies}

    def _weighed(self, items: Sequence[Mapping[str, object]]) -> list[Job]:
        """The rows as jobs without their addresses; notes when these are many."""
        jobs = []
        for job in filter(None, map(parse_job, items)):
            addresses = job.data.get("moved_lead_emails")
            if isinstance(addresses, list):
                self._heavy = self._heavy or len(addresses) > HEAVY
            jobs.append(job.without_addresses())
        return jobs


def _pages(ids: Sequence[str]) -> Iterator[tuple[str, ...]]:
    for start in range(0, len(ids), PAGE):
        yield tuple(ids[start : start + PAGE])


def _poorest(tallies: Mapping[str, Tally], asked: Iterable[str]) -> Tally:
    """The job that has been charged least: a request shared by many is counted at one of them."""
    return min((tallies[job_id] for job_id in asked), key=lambda tally: tally.look)
