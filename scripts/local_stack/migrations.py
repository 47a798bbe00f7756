"""Brings the database to the newest schema, and knows quickly whether it is there."""

import re

import psycopg

from scripts.local_stack.layout import ROOT

_VERSIONS = ROOT / "shared" / "database" / "migrations" / "versions"


def is_newest(url: str) -> bool:
    """Whether the database has every migration. Alembic knows too, after a second of import."""
    try:
        with psycopg.connect(url) as connection:
            rows = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    except psycopg.errors.UndefinedTable:
        return False
    return {row[0] for row in rows} == _heads()


def migrate(url: str) -> None:
    """Apply every migration that the database lacks."""
    from shared.database.migrate import upgrade  # noqa: PLC0415  (a second of import, seldom needed)

    upgrade("postgresql+psycopg://" + url.partition("://")[2])


def _heads() -> set[str]:
    texts = [path.read_text() for path in _VERSIONS.glob("*.py")]
    return _named("revision", texts) - _named("down_revision", texts)


def _named(variable: str, texts: list[str]) -> set[str]:
    pattern = re.compile(rf'^{variable}\b[^=]*= "(\w+)"', re.MULTILINE)
    return {match.group(1) for text in texts if (match := pattern.search(text))}
