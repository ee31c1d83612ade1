"""What Alembic runs for each command: our connection, with its transaction already open, and our metadata."""

from __future__ import annotations

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=context.config.attributes["metadata"],
    # SQLite alters a table by copying it, and our transactions hold its DDL as well (`Database.write`).
    render_as_batch=True,
    transactional_ddl=True,
    user_module_prefix="persistence.",
)
context.run_migrations()
