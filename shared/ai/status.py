"""Draws the key pool in numbers, for operators: by key, by project and by model; never a key."""

import asyncio
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from redis.exceptions import RedisError

from shared.ai.counts import TodaysCounts
from shared.ai.keyring import Bucket, PoolConfig
from shared.ai.keys import ApiKey
from shared.ai.numbers import (
    CallCounts,
    CountsOnModel,
    KeyNumbers,
    KeyOnModel,
    KeyRow,
    Limits,
    ModelNumbers,
    ProjectOnModel,
    QuotaNumbers,
)
from shared.ai.quotas import next_pacific_midnight
from shared.ai.wiring import AiLayer, get_ai_layer

_PARKED_BY = ("day_quota", "spend_limit", "long_quota", "prepay_spent")


def get_pool_status() -> list[KeyRow]:
    """One row a key, by alias. For synchronous code with no event loop running."""
    return asyncio.run(pool_status())


async def pool_status(layer: AiLayer | None = None) -> list[KeyRow]:
    """One row a key, by alias."""
    return (await pool_picture(layer or get_ai_layer())).rows()


async def pool_picture(layer: AiLayer) -> "PoolPicture":
    """The pool of this moment, with the keys that the database holds of this moment."""
    await layer.ring.reload()
    settings = layer.settings
    models = [settings.gemini_model]
    if settings.gemini_fallback_model:
        models.append(settings.gemini_fallback_model)
    try:
        drawn = await layer.shared_pool.picture(models)
    except (RedisError, OSError, TimeoutError):
        drawn = None
    configs = [layer.ring.config_for(model) for model in models]
    return PoolPicture(tuple(layer.ring.keys), tuple(configs), drawn)


@dataclass(frozen=True)
class PoolPicture:
    """What lua/status.lua drew of these keys; None while Redis is gone."""

    keys: Sequence[ApiKey]
    configs: Sequence[PoolConfig]
    drawn: dict[str, Any] | None

    @property
    def degraded(self) -> bool:
        """Whether Redis is gone, so that each process uses its own share of every quota."""
        return self.drawn is None

    def rows(self) -> list[KeyRow]:
        """One row a key in use, by alias."""
        keys = sorted(self.keys, key=lambda key: key.alias)
        return [
            KeyRow(alias=key.alias, project=key.project, **dict(self.numbers_of(key.alias)))
            for key in keys
        ]

    def numbers_of(self, alias: str) -> KeyNumbers:
        """The numbers of a key; of one that isn't in use, what it did today."""
        project = next((key.project for key in self.keys if key.alias == alias), None)
        counts = dict(self._counts([alias]))
        if project is None:
            return KeyNumbers(state="paused", **counts)
        on = [self._key_on(alias, project, config) for config in self.configs]
        return KeyNumbers(
            state=on[0].state,
            in_flight=self._known(alias).get("inflight", 0) if self.drawn else None,
            next_free_at=on[0].next_free_at,
            models=on,
            **counts,
        )

    def counts_by_model(self, alias: str) -> list[CountsOnModel]:
        """What a key did today, model by model; empty while Redis is gone."""
        return self._todays_counts.by_model(alias) if self._todays_counts else []

    def projects(self) -> list[ProjectOnModel]:
        """One row a project and model."""
        return [
            self._project_on(config.model, bucket)
            for config in self.configs
            for bucket in config.buckets
        ]

    def models(self) -> list[ModelNumbers]:
        """One row a model."""
        return [self._model_numbers(config.model) for config in self.configs]

    def _known(self, alias: str) -> dict[str, Any]:
        return dict(self.drawn["keys"].get(alias, {})) if self.drawn else {}

    @cached_property
    def _todays_counts(self) -> TodaysCounts | None:
        return TodaysCounts.read(self.drawn["stats"]) if self.drawn else None

    def _counts(self, aliases: Sequence[str] | None = None, model: str | None = None) -> CallCounts:
        """All null while Redis is gone."""
        counts = self._todays_counts
        return counts.total(aliases, model) if counts else CallCounts()

    def _drawn_bucket(self, bucket: Bucket) -> dict[str, Any] | None:
        buckets: Iterable[dict[str, Any]] = self.drawn["buckets"] if self.drawn else ()
        return next((one for one in buckets if one["id"] == bucket.id), None)

    def _key_on(self, alias: str, project: str, config: PoolConfig) -> KeyOnModel:
        bucket = next(bucket for bucket in config.buckets if bucket.project == project)
        seen = self._drawn_bucket(bucket)
        if self.drawn is None or seen is None:
            return KeyOnModel(model=config.model, state="degraded", quota=_quota(bucket, None))
        key = self._known(alias)
        state = _state(key, seen, config.model, self.drawn["now"])
        return KeyOnModel(
            model=config.model,
            state=state,
            blocked_by=_why_not(key, seen, state),
            next_free_at=None if state == "refused" else _free_at(seen, key),
            quota=_quota(bucket, seen),
        )

    def _project_on(self, model: str, bucket: Bucket) -> ProjectOnModel:
        seen = self._drawn_bucket(bucket)
        shown = seen or {}
        aliases = sorted(key.alias for key in self.keys if key.project == bucket.project)
        return ProjectOnModel(
            project=bucket.project,
            model=model,
            keys=aliases,
            breaker=shown.get("breaker"),
            blocked_by=_blocked_by(shown),
            next_free_at=_free_at(shown),
            day_ends_at=next_pacific_midnight(datetime.now(UTC)),
            in_flight=shown.get("inflight"),
            waiting=shown.get("waiting"),
            quota=_quota(bucket, seen),
            today=self._counts(aliases, model),
        )

    def _model_numbers(self, model: str) -> ModelNumbers:
        seen = self.drawn["models"].get(model, {}) if self.drawn else {}
        p95 = seen.get("p95") or {}
        return ModelNumbers(
            model=model,
            breaker=seen.get("breaker"),
            latency_p95_ms={lane: round(milliseconds, 1) for lane, milliseconds in p95.items()},
            today=self._counts(model=model),
        )


def _quota(bucket: Bucket, seen: dict[str, Any] | None) -> QuotaNumbers:
    given = bucket.quota
    configured = Limits(rpm=given.rpm, tpm=given.tpm, rpd=given.rpd)
    if seen is None:
        return QuotaNumbers(configured=configured, learnt=Limits(), in_force=Limits())
    return QuotaNumbers(
        configured=configured,
        learnt=Limits(**{name: seen.get(f"learnt_{name}") for name in ("rpm", "tpm", "rpd")}),
        in_force=Limits(**{name: seen[name] for name in ("rpm", "tpm", "rpd")}),
        shape=seen.get("shape"),
        minute_left=_left(seen, "minute_quota", seen["requests_left"]),
        tokens_left=_left(seen, "token_quota", seen["tokens_left"]),
        day_left=_left(seen, "day_quota", seen["rpd"] - seen["used_today"]),
    )


def _left(bucket: dict[str, Any], spent: str, left: float) -> int:
    """Nothing where the server said that it is `spent`: others may draw on this quota too."""
    return 0 if bucket["blocked_by"] == spent else max(0, math.floor(left))


def _state(key: dict[str, Any], bucket: dict[str, Any], model: str, now: float) -> Any:
    """The first that holds: dead, refused, disabled, open or half open, parked, unproven."""
    if key.get("dead_until") and key["dead_until"] > now:
        return "dead"
    if model in key.get("refused_models", []):
        return "refused"
    if bucket.get("free_at") is None:
        return "disabled"
    if bucket["breaker"] != "closed":
        return str(bucket["breaker"])
    if bucket["blocked_by"] in _PARKED_BY:
        return "parked"
    return "healthy" if key.get("proven_at") else "unproven"


def _why_not(key: dict[str, Any], bucket: dict[str, Any], state: str) -> str | None:
    if state == "dead":
        return key.get("dead_why")
    return "model_refused" if state == "refused" else _blocked_by(bucket)


def _free_at(bucket: dict[str, Any], key: dict[str, Any] | None = None) -> datetime | None:
    """When the next call may go: not before a key or project that is refused is tried again."""
    moments = (bucket.get("free_at"), bucket.get("disabled_until"), (key or {}).get("dead_until"))
    return _moment(max((moment for moment in moments if moment is not None), default=None))


def _blocked_by(bucket: dict[str, Any]) -> str | None:
    why = bucket.get("blocked_by")
    return None if why == "free" else why


def _moment(milliseconds: float | None) -> datetime | None:
    return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC)
