"""The command that makes an administrator."""

import os
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
from sqlalchemy import select

from shared.database.engine import Database
from shared.database.tables.users import User

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def user_id(database: Database) -> uuid.UUID:
    user_id = uuid.uuid4()
    with database.transaction() as session:
        session.add(User(id=user_id, email="ada@example.com", name="Ada", password_hash="x"))
    return user_id


def run(email: str, database_url: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "create_admin.py"), email],
        env={**os.environ, "DATABASE_URL": database_url},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_registered_user_becomes_administrator(
    database: Database, database_url: str, user_id: uuid.UUID
) -> None:
    result = run("ADA@example.com", database_url)
    assert result.returncode == 0, result.stderr
    with database.transaction() as session:
        assert session.scalar(select(User.role).where(User.id == user_id)) == "admin"


def test_an_unknown_email_is_told(database_url: str, user_id: uuid.UUID) -> None:
    result = run("grace@example.com", database_url)
    assert result.returncode == 1
    assert "nobody has registered as grace@example.com" in result.stderr


def test_what_is_no_email_is_told(database_url: str) -> None:
    result = run("ada", database_url)
    assert result.returncode == 2
    assert "@-sign" in result.stderr
