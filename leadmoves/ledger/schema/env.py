"""Where alembic finds the connection that the ledger hands it."""

from alembic import context

from leadmoves.ledger.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
