"""The first schema: moves and holds."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "moves",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("occasion", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("body", sa.JSON, nullable=False),
        sa.Column("options", sa.JSON, nullable=False),
        sa.Column("source", sa.Text),
        sa.Column("resources", sa.JSON, nullable=False),
        sa.Column("parent", sa.String(64)),
        sa.Column("flow_run", sa.Text),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("posts", sa.Integer, nullable=False),
        sa.Column("unsettled", sa.Integer, nullable=False),
        sa.Column("baseline", sa.JSON),
        sa.Column("sent_at", sa.Double),
        sa.Column("owner", sa.Text),
        sa.Column("lease_until", sa.Double, nullable=False),
        sa.Column("job_id", sa.Text, unique=True),
        sa.Column("adopted", sa.Boolean, nullable=False),
        sa.Column("candidates", sa.JSON),
        sa.Column("outcome", sa.String(16)),
        sa.Column("reason", sa.Text),
        sa.Column("report", sa.JSON),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("updated_at", sa.Double, nullable=False),
        sa.Column("ended_at", sa.Double),
        sa.Column("told_at", sa.Double),
    )
    op.create_index("moves_by_request", "moves", ["name", "fingerprint"])
    op.create_index("moves_by_state", "moves", ["state"])
    op.create_index("moves_by_parent", "moves", ["parent"])
    op.create_table(
        "holds",
        sa.Column("resource", sa.Text, primary_key=True),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("until", sa.Double, nullable=False),
    )
    op.create_index("holds_by_owner", "holds", ["owner"])


def downgrade() -> None:
    op.drop_table("holds")
    op.drop_table("moves")
