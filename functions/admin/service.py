"""Keys that administrators add, label, pause and remove while the system runs."""

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pydantic import SecretStr

from functions.admin.ports import Cipher, KeyRecord, KeyRecords
from shared.ai.keys import ApiKey, project_of
from shared.config import ConfigurationError
from shared.errors import Conflict, NotFound, ServiceUnavailable
from shared.identifiers import lasting_id, new_id

Source = Literal["environment", "secrets_manager", "stored"]


@dataclass(frozen=True)
class AdministeredKey:
    """What may be told of a key: never its value. `created_at` is None for one of the settings."""

    id: uuid.UUID
    alias: str
    project: str
    label: str | None
    source: Source
    active: bool
    created_at: datetime | None


@dataclass(frozen=True)
class Configured:
    """The keys of the settings, and how the settings read a key without a project."""

    keys: Sequence[ApiKey]
    source: Source
    separate_projects: bool


class KeyAdministration:
    """The keys of the settings and the stored ones as one list.

    `announce(key)` is called where something changed; what the pool holds against that key's alias
    and project, if it is given one, is to be forgotten, as it was said of another key or before
    somebody saw to it.
    """

    def __init__(
        self,
        records: KeyRecords,
        configured: Configured,
        cipher: Callable[[], Cipher],
        announce: Callable[[AdministeredKey | None], None],
    ) -> None:
        self._records = records
        self._configured = configured
        self._cipher = cipher
        self._announce = announce

    def all(self) -> list[AdministeredKey]:
        """Every key, newest first; those of the settings come last."""
        records = {record.alias: record for record in self._records.all()}
        stored = [self._stored(one) for one in records.values() if one.secret is not None]
        given = [self._given(key, records.get(key.alias)) for key in self._configured.keys]
        return sorted([*stored, *given], key=lambda key: key.id, reverse=True)

    def add(
        self, alias: str, value: SecretStr, project: str | None, label: str | None
    ) -> AdministeredKey:
        """Stores a new key. Raises Conflict, ServiceUnavailable."""
        self._records.lock()
        self._make_room(alias)
        cipher = self._sealing()
        if value.get_secret_value() in self._values(cipher):
            raise Conflict("This very key is in the pool already.", code="key_exists")
        identifier = new_id()
        secret = cipher.seal(value.get_secret_value(), identifier)
        record = self._records.insert(
            identifier, alias, project=project, label=label, secret=secret
        )
        added = self._stored(record)
        self._announce(added)
        return added

    def change(self, identifier: uuid.UUID, changes: Mapping[str, Any]) -> AdministeredKey:
        """Changes alias, project, label or active. Raises NotFound, Conflict."""
        self._records.lock()
        given = self._find_given(identifier)
        if given is not None:
            return self._change_given(given, changes)
        record = self._find_stored(identifier)
        renamed = changes.get("alias", record.alias) != record.alias
        if renamed:
            self._make_room(changes["alias"])
        changed = self._records.update(identifier, **changes) if changes else record
        resumed = changed.active and not record.active
        told = self._stored(changed)
        self._announce(told if renamed or resumed else None)
        return told

    def remove(self, identifier: uuid.UUID) -> None:
        """Forgets a stored key. Raises NotFound; Conflict for one of the settings."""
        self._records.lock()
        if self._find_given(identifier) is not None:
            raise Conflict(
                "This key is in the settings: pause it here, or take it out there.",
                code="key_of_settings",
            )
        self._records.delete(self._find_stored(identifier).id)
        self._announce(None)

    def seal_anew(self) -> int:
        """After ENCRYPTION_KEY was changed: seals all keys with the new one. Returns how many.

        Raises ConfigurationError, with nothing changed, where a key can't be opened.
        """
        self._records.lock()
        cipher = self._sealing()
        old = [
            (record.id, record.secret)
            for record in self._records.all()
            if record.secret is not None and not cipher.is_current(record.secret)
        ]
        for identifier, secret in old:
            again = cipher.seal(cipher.open(secret, identifier), identifier)
            self._records.update(identifier, secret=again)
        return len(old)

    def _change_given(self, key: ApiKey, changes: Mapping[str, Any]) -> AdministeredKey:
        if changes.keys() & {"alias", "project"}:
            raise Conflict(
                "This key's alias and project are in the settings: change them there.",
                code="key_of_settings",
            )
        record = next((one for one in self._records.all() if one.alias == key.alias), None)
        if record is not None and record.secret is not None:
            raise Conflict("A stored key has this alias: rename that first.", code="alias_taken")
        if record is None:
            changed = self._records.insert(_id_of(key), key.alias, **changes)
        else:
            changed = self._records.update(record.id, **changes) if changes else record
        resumed = changed.active and record is not None and not record.active
        told = self._given(key, changed)
        self._announce(told if resumed else None)
        return told

    def _make_room(self, alias: str) -> None:
        """Raises Conflict where a key has the alias; what is left of a key long gone may go."""
        taken = any(key.alias == alias for key in self._configured.keys)
        record = next((one for one in self._records.all() if one.alias == alias), None)
        if taken or (record is not None and record.secret is not None):
            raise Conflict("Another key has this alias.", code="alias_taken")
        if record is not None:
            self._records.delete(record.id)

    def _sealing(self) -> Cipher:
        try:
            cipher = self._cipher()
            cipher.renew()
        except ConfigurationError:
            raise ServiceUnavailable(
                "Keys can't be stored: no ENCRYPTION_KEY is set, or it can't be read.",
                code="encryption_key_missing",
            ) from None
        return cipher

    def _values(self, cipher: Cipher) -> Iterator[str]:
        yield from (key.value.get_secret_value() for key in self._configured.keys)
        for record in self._records.all():
            try:
                if record.secret is not None:
                    yield cipher.open(record.secret, record.id)
            except ConfigurationError:
                # Nobody can use what can't be opened, so it is nobody's double.
                continue

    def _find_given(self, identifier: uuid.UUID) -> ApiKey | None:
        return next((key for key in self._configured.keys if _id_of(key) == identifier), None)

    def _find_stored(self, identifier: uuid.UUID) -> KeyRecord:
        for record in self._records.all():
            if record.id == identifier and record.secret is not None:
                return record
        raise NotFound("There is no such key.")

    def _stored(self, record: KeyRecord) -> AdministeredKey:
        separate = self._configured.separate_projects
        project = project_of(record.alias, record.project, separate_projects=separate)
        return AdministeredKey(
            record.id,
            record.alias,
            project,
            record.label,
            "stored",
            record.active,
            record.created_at,
        )

    def _given(self, key: ApiKey, record: KeyRecord | None) -> AdministeredKey:
        label = record.label if record is not None and record.secret is None else None
        active = record is None or record.active
        source = self._configured.source
        return AdministeredKey(_id_of(key), key.alias, key.project, label, source, active, None)


def _id_of(key: ApiKey) -> uuid.UUID:
    return lasting_id(f"gemini key {key.alias}")
