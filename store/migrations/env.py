"""What Alembic runs for each revision; `store.migrate` hands it the connection, with the lock held already."""

from alembic import context

from store.models import Table

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Table.metadata,
    transactional_ddl=True,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
