"""What the administration of keys needs from outside."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True)
class KeyRecord:
    """A row of gemini_keys. Without a secret it speaks of the settings' key of that alias."""

    id: uuid.UUID
    alias: str
    project: str | None
    label: str | None
    secret: bytes | None = field(repr=False)
    active: bool
    created_at: datetime


class KeyRecords(Protocol):
    """The stored keys, within one transaction."""

    def lock(self) -> None:
        """Lets nobody else change keys until the transaction ends; readers go on."""

    def all(self) -> Sequence[KeyRecord]:
        """Every row."""

    def insert(self, identifier: uuid.UUID, alias: str, **values: Any) -> KeyRecord:
        """A new row."""

    def update(self, identifier: uuid.UUID, **values: Any) -> KeyRecord:
        """Changes the row, which is there."""

    def delete(self, identifier: uuid.UUID) -> None:
        """Takes the row away."""


class Cipher(Protocol):
    """Seals and opens keys. Every method raises ConfigurationError where it can't."""

    def renew(self) -> None:
        """Looks for a newer passphrase."""

    def seal(self, secret: str, owner: uuid.UUID) -> bytes:
        """The ciphertext, bound to its row."""

    def open(self, sealed: bytes, owner: uuid.UUID) -> str:
        """The secret."""

    def is_current(self, sealed: bytes) -> bool:
        """Whether it is sealed with the newest passphrase."""
