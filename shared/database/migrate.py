"""Brings a database to the newest schema, one process at a time."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text

_LOCK = 7_235_911


def upgrade(url: str) -> None:
    """Apply every migration that `url`'s database lacks. A second caller waits for the first."""
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
            connection.commit()
            configuration = Config()
            configuration.set_main_option(
                "script_location", str(Path(__file__).parent / "migrations")
            )
            configuration.attributes["connection"] = connection
            command.upgrade(configuration, "head")
            connection.commit()
            connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": _LOCK})
            connection.commit()
    finally:
        engine.dispose()
