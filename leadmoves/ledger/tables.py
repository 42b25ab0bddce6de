"""The ledger's tables, the same on SQLite and PostgreSQL. Times are seconds since 1970."""

from sqlalchemy import JSON, Boolean, Column, Double, Index, Integer, MetaData, String, Table, Text

metadata = MetaData()

moves = Table(
    "moves",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("name", Text, nullable=False),
    Column("occasion", Text, nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("body", JSON, nullable=False),
    Column("options", JSON, nullable=False),
    Column("source", Text),
    Column("resources", JSON, nullable=False),
    Column("parent", String(64)),
    Column("flow_run", Text),
    Column("state", String(16), nullable=False),
    Column("posts", Integer, nullable=False, default=0),  # POSTs that left, or may have left
    Column("unsettled", Integer, nullable=False, default=0),  # of these, answers that never came
    Column("baseline", JSON),  # what the job list showed before the first POST
    Column("sent_at", Double),
    Column("owner", Text),
    Column("lease_until", Double, nullable=False, default=0),
    Column("job_id", Text, unique=True),  # one row a job: a job is claimed once
    Column("adopted", Boolean, nullable=False, default=False),  # its answer was lost, the job list knew it
    Column("candidates", JSON),
    Column("outcome", String(16)),
    Column("reason", Text),
    Column("report", JSON),
    Column("created_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
    Column("ended_at", Double),
    Column("told_at", Double),  # when a person was shown the outcome; until then the run is not over
    Index("moves_by_request", "name", "fingerprint"),
    Index("moves_by_state", "state"),
    Index("moves_by_parent", "parent"),
)

# One writer a source and a destination: who holds it, for which move, until when.
holds = Table(
    "holds",
    metadata,
    Column("resource", Text, primary_key=True),
    Column("key", String(64), nullable=False),
    Column("owner", Text, nullable=False),
    Column("until", Double, nullable=False),
    Index("holds_by_owner", "owner"),
)
