"""Alembic's entry: runs migrations on the connection it is given, or on DATABASE_URL."""

from alembic import context
from sqlalchemy import Connection, create_engine

from shared.config import get_settings
from shared.database.tables import Base


def _run(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=Base.metadata, compare_type=True)
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    _run(given)
else:
    with create_engine(get_settings().resolved_database_url()).connect() as opened:
        _run(opened)
        opened.commit()
