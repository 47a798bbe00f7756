"""The command that seals stored keys with a new ENCRYPTION_KEY."""

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator

import pytest
from sqlalchemy import insert, text

from shared.ai.key_encryption import KeyCipher
from shared.ai.key_store import KeyStore
from shared.database.engine import Database
from shared.database.tables.ai import gemini_keys

SECRETS = [f"AIzaSyStoredStoredStoredStoredStored{number}" for number in range(3)]


@pytest.fixture(autouse=True)
def stored(database: Database) -> Iterator[None]:
    """Three keys that the old passphrase sealed, and a row without one."""
    with database.transaction() as session:
        for number, secret in enumerate(SECRETS):
            identifier = uuid.uuid4()
            row = {"id": identifier, "alias": f"k{number}", "active": number > 0}
            sealed = KeyCipher(["old"]).seal(secret, identifier)
            session.execute(insert(gemini_keys).values({**row, "secret": sealed}))
        session.execute(insert(gemini_keys).values(id=uuid.uuid4(), alias="given", active=False))
    yield
    with database.transaction() as session:
        session.execute(text("DELETE FROM gemini_keys"))


def run(database_url: str, **variables: str) -> subprocess.CompletedProcess[str]:
    known = {name: value for name, value in os.environ.items() if "ENCRYPTION" not in name}
    return subprocess.run(
        [sys.executable, "-m", "scripts.seal_keys_anew"],
        env={**known, "DATABASE_URL": database_url, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def readable_with(database: Database, passphrase: str) -> list[str]:
    added = KeyStore(database, lambda: KeyCipher([passphrase])).load().added
    return sorted(key.value.get_secret_value() for key in added)


def test_all_keys_are_sealed_with_the_new_passphrase_once(
    database: Database, database_url: str
) -> None:
    keys = {"ENCRYPTION_KEY": "new", "PREVIOUS_ENCRYPTION_KEY": "old"}
    first, second = run(database_url, **keys), run(database_url, **keys)
    assert (first.returncode, second.returncode) == (0, 0), first.stderr
    assert first.stdout.startswith("3 keys")
    assert second.stdout.startswith("0 keys")
    assert readable_with(database, "new") == SECRETS
    assert readable_with(database, "old") == []
    assert not any(secret in first.stdout + first.stderr for secret in SECRETS)


def test_without_the_old_passphrase_nothing_is_changed(
    database: Database, database_url: str
) -> None:
    result = run(database_url, ENCRYPTION_KEY="new")
    assert result.returncode == 2
    assert "nothing was changed" in result.stderr
    assert readable_with(database, "old") == SECRETS


def test_without_any_passphrase_it_says_what_is_missing(database_url: str) -> None:
    result = run(database_url)
    assert result.returncode == 2
    assert "ENCRYPTION_KEY" in result.stderr
