"""The key pool in numbers, for operators: one row a key and model, and never a key."""

import asyncio
import math
from datetime import UTC, datetime
from typing import Any

from redis.exceptions import RedisError

from shared.ai.wiring import AiLayer, get_ai_layer

_FIRST_BIN_MILLISECONDS, _BIN_GROWTH, _BINS = 50.0, 0.1823, 40


def get_pool_status() -> list[dict[str, Any]]:
    """One row per key and model, by alias. For synchronous code with no event loop running."""
    return asyncio.run(pool_status())


async def pool_status(layer: AiLayer | None = None) -> list[dict[str, Any]]:
    """State, requests, tokens, 429s by kind, errors, latency, quota left and next free moment.

    Counts are of today (UTC). While Redis is gone every key's state is "degraded".
    """
    layer = layer or get_ai_layer()
    settings = layer.settings
    models = [settings.gemini_model]
    if settings.gemini_fallback_model:
        models.append(settings.gemini_fallback_model)
    try:
        picture = await layer.shared_pool.picture(models)
    except (RedisError, OSError, TimeoutError):
        return [
            {"alias": key.alias, "project": key.project, "model": model, "state": "degraded"}
            for model in models
            for key in layer.ring.keys
        ]
    return rows_of(picture, layer.ring.keys)


def rows_of(picture: dict[str, Any], keys: Any) -> list[dict[str, Any]]:
    """The rows of one picture that lua/status.lua drew."""
    buckets = list(picture["buckets"])
    return [
        _row(picture, key, bucket)
        for bucket in buckets
        for key in keys
        if key.project == bucket["project"]
    ]


def _row(picture: dict[str, Any], key: Any, bucket: dict[str, Any]) -> dict[str, Any]:
    known = picture["keys"].get(key.alias, {})
    counts = _counts(dict(picture["stats"]), key.alias)
    free_at = bucket.get("free_at")
    return {
        "alias": key.alias,
        "project": key.project,
        "model": bucket["model"],
        "state": _state(known, bucket, picture["now"]),
        "breaker": bucket["breaker"],
        "in_flight": known.get("inflight", 0),
        "waiting": bucket["waiting"],
        **counts,
        "quota": {
            "configured": {name: bucket[f"configured_{name}"] for name in ("rpm", "tpm", "rpd")},
            "in_force": {name: bucket[name] for name in ("rpm", "tpm", "rpd")},
            "learnt": {name: bucket.get(f"learnt_{name}") for name in ("rpm", "tpm", "rpd")},
            "shape": bucket.get("shape"),
            "minute_left": max(0, bucket["rpm"] - bucket["requests_last_minute"]),
            "tokens_left": max(0, bucket["tpm"] - bucket["tokens_last_minute"]),
            "day_left": max(0, bucket["rpd"] - bucket["used_today"]),
        },
        "next_free_at": _moment(free_at) if free_at is not None else None,
        "blocked_by": bucket["blocked_by"],
    }


def _state(key: dict[str, Any], bucket: dict[str, Any], now: float) -> str:
    """The first that holds: dead, disabled, open, parked, unproven, healthy."""
    if key.get("dead_until") and key["dead_until"] > now:
        return "dead"
    if key.get("refused"):
        return "refused"
    if bucket.get("free_at") is None:
        return "disabled"
    if bucket["breaker"] != "closed":
        return str(bucket["breaker"])
    if bucket["blocked_by"] in ("day_quota", "spend_limit", "long_quota", "prepay_spent"):
        return "parked"
    return "healthy" if key.get("proven_at") else "unproven"


def _counts(stats: dict[str, int], alias: str) -> dict[str, Any]:
    own = {
        name.removeprefix(f"{alias}|"): value
        for name, value in stats.items()
        if name.startswith(f"{alias}|")
    }
    bins = {int(name[4:]): value for name, value in own.items() if name.startswith("bin|")}
    return {
        "requests": own.get("requests", 0),
        "tokens": own.get("tokens", 0),
        "lost": own.get("lost", 0),
        "refusals": {name[4:]: value for name, value in own.items() if name.startswith("429|")},
        "errors": {name[6:]: value for name, value in own.items() if name.startswith("error|")},
        "latency_p50_ms": _percentile(bins, 0.50),
        "latency_p95_ms": _percentile(bins, 0.95),
    }


def _percentile(bins: dict[int, int], share: float) -> float | None:
    """Upper edge of the bin; the bins of lua/settle.lua grow by 20 % from 50 ms."""
    total, below = sum(bins.values()), 0
    for number in range(1, _BINS + 1):
        below += bins.get(number, 0)
        if total and below >= share * total:
            return round(_FIRST_BIN_MILLISECONDS * math.exp(_BIN_GROWTH * number), 1)
    return None


def _moment(milliseconds: float) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat().replace("+00:00", "Z")
