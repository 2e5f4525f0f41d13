"""Alembic's entry: runs the steps inside the transaction that `storage.database.migrate` holds."""

from __future__ import annotations

from alembic import context

from storage.migrations.append_only import guard
from storage.schema import permanent

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=permanent,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
    # SQLite's batch mode makes tables anew and drops their triggers with the old ones
    guard(context.get_bind())
