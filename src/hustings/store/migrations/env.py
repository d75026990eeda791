"""Alembic's entry: uses the connection and the transaction it was handed, and no configuration file."""

from alembic import context

from hustings.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transaction_per_migration=False,
)
context.run_migrations()
