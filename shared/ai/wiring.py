"""Joins the language model to Redis, the keys, the books and Google's API, once per process."""

import os
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from shared.ai.client import GeminiClient
from shared.ai.dispatch import Dispatcher, Policy
from shared.ai.failover_pool import FailoverPool
from shared.ai.interface import Lane, LanguageModel
from shared.ai.key_encryption import KeyCipher
from shared.ai.key_store import KeyStore
from shared.ai.keyring import KeyRing
from shared.ai.keys import (
    ApiKey,
    keys_from_environment,
    keys_from_secret,
    usable,
    warnings_about,
)
from shared.ai.ledger import CallLedger, DatabaseLedger
from shared.ai.local_pool import LocalPool
from shared.ai.loop_scoped import LoopScoped
from shared.ai.metered_model import MeteredLanguageModel
from shared.ai.metrics import AiMetrics, EmfMetrics
from shared.ai.pooled_model import PooledLanguageModel
from shared.ai.quotas import warnings_about_quotas
from shared.ai.redis_pool import PoolRules, RedisPool
from shared.ai.scripts import forgiveness
from shared.cache.client import get_cache
from shared.config import Settings, get_settings, read_secret
from shared.database.engine import get_database
from shared.observability import get_logger

if TYPE_CHECKING:
    from redis.asyncio import Redis


@dataclass(frozen=True)
class AiLayer:
    """The joined parts; product code needs `model` only, operators' routes the others too."""

    model: LanguageModel
    ring: KeyRing
    shared_pool: RedisPool
    pool: FailoverPool
    client: GeminiClient
    settings: Settings


@lru_cache
def get_language_model() -> LanguageModel:
    """The language model of this process."""
    return get_ai_layer().model


@lru_cache
def get_ai_layer() -> AiLayer:
    """All parts of the AI layer of this process, with its warnings logged."""
    settings = get_settings()
    ledger = DatabaseLedger(get_database())
    keys = configured_keys(settings)
    for warning in warnings_at_start(settings, keys):
        get_logger().warning(warning)
    in_lambda = "AWS_LAMBDA_FUNCTION_NAME" in os.environ
    metrics = EmfMetrics() if in_lambda else None
    ring = KeyRing(keys, settings.gemini_quotas, get_key_store().load)
    return build_ai_layer(settings, ring, ledger, metrics)


@lru_cache
def get_key_store() -> KeyStore:
    """The keys that operators change at run time."""
    separate = get_settings().gemini_keys_are_separate_projects
    return KeyStore(get_database(), get_key_cipher, separate_projects=separate)


@lru_cache
def get_key_cipher() -> KeyCipher:
    """Seals and opens stored keys. Raises ConfigurationError where ENCRYPTION_KEY is missing."""
    settings = get_settings()
    return KeyCipher(settings.encryption_keys(), lambda: settings.encryption_keys(fresh=True))


def announce_key_change(forget: str | None = None, project: str | None = None) -> None:
    """Every process sees the new version with its next decision and loads the keys again.

    What was found out of the key with the alias `forget`, such as that it is dead, is forgotten,
    and so is what `project` was refused for.
    """
    cache = get_cache()
    if forget is not None:
        cache.hdel(f"{PoolRules.prefix}:keys", forget)
    if project is not None:
        cache.eval(forgiveness(), 1, f"{PoolRules.prefix}:buckets", project)
    cache.set(f"{PoolRules.prefix}:version", uuid.uuid4().hex)


def configured_keys(settings: Settings) -> list[ApiKey]:
    """The keys of Secrets Manager where a secret is named, else those of the environment.

    One that no HTTP header can carry is left out, and told.
    """
    kept, left_out = usable(listed_keys(settings))
    for alias in left_out:
        get_logger().error("this is no API key, so it is not used", extra={"key_alias": alias})
    return kept


def listed_keys(settings: Settings) -> list[ApiKey]:
    """The same keys, also those that can't be used. Raises ConfigurationError."""
    separate = settings.gemini_keys_are_separate_projects
    if settings.gemini_secret_arn:
        secret = read_secret(settings.gemini_secret_arn)
        return keys_from_secret(secret, separate_projects=separate)
    return keys_from_environment(os.environ, separate_projects=separate)


def warnings_at_start(settings: Settings, keys: Sequence[ApiKey]) -> list[str]:
    """What the operator should know of these keys and of the quotas that are set."""
    models = [name for name in (settings.gemini_model, settings.gemini_fallback_model) if name]
    projects = {key.project for key in keys}
    about_quotas = warnings_about_quotas(settings.gemini_quotas, models, projects)
    return warnings_about(keys) + about_quotas


def build_ai_layer(
    settings: Settings,
    ring: KeyRing,
    ledger: CallLedger | None = None,
    metrics: AiMetrics | None = None,
) -> AiLayer:
    """The AI layer for these settings and keys; without a ledger nothing is booked."""
    rules = PoolRules(
        hedge_share=settings.gemini_hedge_share,
        probe_quotas=settings.gemini_quota_probing,
        user_daily_micro_usd=settings.gemini_user_daily_micro_usd,
    )
    shared = RedisPool(redis_per_loop(settings.redis_url), ring, rules, _spent_today(ledger))
    local = LocalPool(ring, settings.gemini_local_share, _over_budget(settings, ledger))
    pool = FailoverPool(shared, local, on_loss=metrics.record_degraded if metrics else None)
    policy = Policy(
        model=settings.gemini_model,
        fallback_model=settings.gemini_fallback_model,
        timeout_seconds=settings.gemini_call_timeout_seconds,
        waits={
            Lane.CHAT: settings.gemini_chat_wait_seconds,
            Lane.GRADING: settings.gemini_worker_wait_seconds,
            Lane.GENERATION: settings.gemini_worker_wait_seconds,
        },
        hedging=settings.gemini_hedge_share > 0,
    )
    client = GeminiClient(settings.gemini_base_url, settings.gemini_thinking_budget)
    dispatcher = Dispatcher(pool, client, ring, policy, ledger=ledger, metrics=metrics)
    model = PooledLanguageModel(dispatcher)
    metered = MeteredLanguageModel(model, metrics, settings.gemini_model) if metrics else model
    return AiLayer(metered, ring, shared, pool, client, settings)


def redis_per_loop(url: str) -> "LoopScoped[Redis]":
    """Clients that give up within a second; each event loop has its own."""
    from redis.asyncio import BlockingConnectionPool, Redis  # noqa: PLC0415
    from redis.asyncio.retry import Retry  # noqa: PLC0415
    from redis.backoff import NoBackoff  # noqa: PLC0415

    def build() -> Redis:
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=16,
            timeout=5,
            socket_timeout=1.0,
            socket_connect_timeout=0.5,
            retry=Retry(NoBackoff(), 1),
        )
        return Redis.from_pool(pool)

    return LoopScoped(build, Redis.aclose)


def _spent_today(ledger: CallLedger | None) -> Callable[[str], int] | None:
    if ledger is None:
        return None
    return lambda user: ledger.spent_today(uuid.UUID(user))


def _over_budget(settings: Settings, ledger: CallLedger | None) -> Callable[[str], bool] | None:
    budget = settings.gemini_user_daily_micro_usd
    if ledger is None or budget is None:
        return None
    return lambda user: ledger.spent_today(uuid.UUID(user)) >= budget
