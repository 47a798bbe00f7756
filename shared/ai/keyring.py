"""The keys of this moment and the quotas they draw on, as the pool wants to be told."""

import asyncio
import hashlib
import json
import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from shared.ai.keys import ApiKey, without_doubles
from shared.ai.quotas import Quota, quota_for
from shared.observability import get_logger
from shared.redaction import hide

# What an operator changes holds in every process within 10 s, also where the notice was lost.
RELOAD_SECONDS = 8.0
KEYS_PER_PART = 24


@dataclass(frozen=True)
class Bucket:
    """One project's quota for one model."""

    id: str
    project: str
    quota: Quota

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "project": self.project,
            "rpm": self.quota.rpm,
            "tpm": self.quota.tpm,
            "rpd": self.quota.rpd,
        }


@dataclass(frozen=True)
class PoolConfig:
    """The candidates for one model: buckets, and keys that point at them."""

    model: str
    buckets: tuple[Bucket, ...]
    keys: tuple[tuple[str, int], ...]
    digest: str

    @classmethod
    def of(
        cls, model: str, keys: Sequence[ApiKey], quotas: Mapping[str, Mapping[str, Any]]
    ) -> "PoolConfig":
        """The config of these keys; its digest names this very content."""
        projects = sorted({key.project for key in keys})
        buckets = tuple(
            Bucket(f"{project}|{model}", project, quota_for(project, model, quotas))
            for project in projects
        )
        pointed = tuple((key.alias, projects.index(key.project)) for key in keys)
        content = json.dumps([model, [bucket.as_json() for bucket in buckets], pointed])
        return cls(model, buckets, pointed, hashlib.sha256(content.encode()).hexdigest()[:20])

    def as_json(self) -> dict[str, Any]:
        return {
            "model": self.model,
            "buckets": [bucket.as_json() for bucket in self.buckets],
            "keys": [{"alias": alias, "bucket": index + 1} for alias, index in self.keys],
        }

    def bucket_of(self, alias: str) -> Bucket | None:
        """The bucket that this key draws on."""
        return next((self.buckets[index] for name, index in self.keys if name == alias), None)


@dataclass(frozen=True)
class StoredKeys:
    """What operators changed at run time: keys added, and aliases that must rest."""

    added: tuple[ApiKey, ...] = ()
    paused: frozenset[str] = frozenset()


class KeyRing:
    """Configured keys, plus what was changed at run time, minus what is paused.

    `load_stored` reads the database (blocking). It is called again when the version that the
    pool saw in Redis differs, and every few seconds in case that notice was lost.
    """

    def __init__(
        self,
        configured: Iterable[ApiKey],
        quotas: Mapping[str, Mapping[str, Any]],
        load_stored: Callable[[], StoredKeys] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._configured = tuple(configured)
        self._quotas = quotas
        self._load_stored = load_stored
        self._clock = clock
        self._stored = StoredKeys()
        self._version: str | None = None
        self._looks = 0
        self._looked_at = float("-inf")
        self._keys: tuple[ApiKey, ...] = self._merged()
        self._values = _values(self._keys)
        self._configs: dict[str, PoolConfig] = {}
        self._parts: dict[str, list[PoolConfig]] = {}

    @property
    def keys(self) -> Sequence[ApiKey]:
        """The keys in force when last looked."""
        return self._keys

    @property
    def configured(self) -> Sequence[ApiKey]:
        """The keys of the settings, paused or not."""
        return self._configured

    def value_of(self, alias: str) -> SecretStr:
        """The key itself, also of one just taken away: its leases are still out.

        Raises KeyError.
        """
        return self._values[alias]

    def has_any(self) -> bool:
        """Whether there is a key at all."""
        return bool(self._keys)

    async def refresh(self, version: str | None = None) -> bool:
        """Loads again if a version is new here, or the last look is old. True if keys changed."""
        old = self._clock() - self._looked_at > RELOAD_SECONDS
        if not old and (version is None or version == self._version):
            return False
        self._version = version if version is not None else self._version
        return await self.reload()

    async def reload(self) -> bool:
        """Loads now. True if keys changed."""
        if self._load_stored is None:
            return False
        self._looked_at = self._clock()
        self._looks += 1
        look = self._looks
        try:
            stored = await asyncio.to_thread(self._load_stored)
        except Exception:
            # The keys known so far still work; the next look is in a few seconds.
            get_logger().exception("the stored Gemini keys could not be read")
            return False
        if look != self._looks:
            # Another look began after this one, and so knows better.
            return False
        return self._take(stored)

    def _take(self, stored: StoredKeys) -> bool:
        self._stored = stored
        before, self._keys = self._keys, self._merged()
        if self._keys == before:
            return False
        self._values = _values(before) | _values(self._keys)
        self._configs.clear()
        self._parts.clear()
        return True

    def config_for(self, model: str) -> PoolConfig:
        """The candidates for this model, with a digest that names this very content."""
        if model not in self._configs:
            self._configs[model] = PoolConfig.of(model, self._keys, self._quotas)
        return self._configs[model]

    def parts_for(self, model: str) -> Sequence[PoolConfig]:
        """The same candidates in parts of at most 24 keys; a decision looks at one part first."""
        if model not in self._parts:
            count = max(1, math.ceil(len(self._keys) / KEYS_PER_PART))
            self._parts[model] = [
                PoolConfig.of(model, self._keys[number::count], self._quotas)
                for number in range(count)
            ]
        return self._parts[model]

    def known_configs(self) -> list[PoolConfig]:
        """The candidates of every model that was asked for."""
        return list(self._configs.values())

    def _merged(self) -> tuple[ApiKey, ...]:
        keys = without_doubles([*self._configured, *self._stored.added])
        return tuple(key for key in keys if key.alias not in self._stored.paused)


def _values(keys: Sequence[ApiKey]) -> dict[str, SecretStr]:
    """By alias. From here on they are in use, so nothing that is logged may hold them."""
    hide(key.value.get_secret_value() for key in keys)
    return {key.alias: key.value for key in keys}
