"""Google's 429 bodies, with their quirks.

`retryDelay` is truncated to whole seconds while the message has the fraction; a spent day carries
a small `retryDelay` too; "limit: 0" has no `quotaValue`; there is never a Retry-After header.
"""

from typing import Any

from scripts.gemini_emulator.api_errors import SERVICE, TYPE, ApiError
from scripts.gemini_emulator.latency import uniform
from scripts.gemini_emulator.quotas import Dimension, Violation

DOCUMENTATION = "https://ai.google.dev/gemini-api/docs/rate-limits"
FREE, PAID = "free", "paid"

GENERATE_METRICS: dict[tuple[Dimension, str], tuple[str, str]] = {
    ("requests_per_minute", FREE): (
        "generate_content_free_tier_requests",
        "GenerateRequestsPerMinutePerProjectPerModel-FreeTier",
    ),
    ("requests_per_day", FREE): (
        "generate_content_free_tier_requests",
        "GenerateRequestsPerDayPerProjectPerModel-FreeTier",
    ),
    ("tokens_per_minute", FREE): (
        "generate_content_free_tier_input_token_count",
        "GenerateContentInputTokensPerModelPerMinute-FreeTier",
    ),
    ("requests_per_minute", PAID): (
        "generate_requests_per_model",
        "GenerateRequestsPerMinutePerProjectPerModel",
    ),
    ("requests_per_day", PAID): (
        "generate_requests_per_model_per_day",
        "GenerateRequestsPerDayPerProjectPerModel",
    ),
    ("tokens_per_minute", PAID): (
        "generate_content_paid_tier_input_token_count",
        "GenerateContentPaidTierInputTokensPerModelPerMinute",
    ),
}
EMBED_METRICS: dict[Dimension, tuple[str, str]] = {
    "requests_per_minute": (
        "embed_content_free_tier_requests",
        "EmbedContentRequestsPerMinutePerUserPerProjectPerModel-FreeTier",
    ),
    "requests_per_day": (
        "embed_content_free_tier_requests",
        "EmbedContentRequestsPerDayPerUserPerProjectPerModel-FreeTier",
    ),
    "tokens_per_minute": (
        "embed_content_free_tier_input_token_count",
        "EmbedContentInputTokensPerMinutePerProjectPerModel-FreeTier",
    ),
}


def quota_exceeded(
    violations: list[Violation], model: str, *, tier: str = FREE, embedding: bool = False
) -> ApiError:
    delay = _retry_seconds(violations, model)
    named = [(violation, *_metric(violation, tier, embedding)) for violation in violations]
    lines = "".join(
        f"\n* Quota exceeded for metric: {SERVICE}/{metric}, limit: {violation.limit}, "
        f"model: {model}"
        for violation, metric, _ in named
    )
    message = (
        "You exceeded your current quota, please check your plan and billing details. For more "
        f"information on this error, head to: {DOCUMENTATION}. To monitor your current usage, "
        f"head to: https://ai.dev/rate-limit. {lines}\nPlease retry in {_fraction(delay)}."
    )
    return ApiError(
        429,
        message,
        [
            {
                "@type": TYPE + "Help",
                "links": [
                    {"description": "Learn more about Gemini API quotas", "url": DOCUMENTATION}
                ],
            },
            {
                "@type": TYPE + "QuotaFailure",
                "violations": [_violation(*entry, model=model) for entry in named],
            },
            {"@type": TYPE + "RetryInfo", "retryDelay": f"{int(delay)}s"},
        ],
    )


def _metric(violation: Violation, tier: str, embedding: bool) -> tuple[str, str]:
    if embedding:
        return EMBED_METRICS[violation.dimension]
    return GENERATE_METRICS[violation.dimension, tier]


def _violation(violation: Violation, metric: str, quota_id: str, *, model: str) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "quotaMetric": f"{SERVICE}/{metric}",
        "quotaId": quota_id,
        "quotaDimensions": {"location": "global", "model": model},
    }
    if violation.limit:
        entry["quotaValue"] = str(violation.limit)
    return entry


def _retry_seconds(violations: list[Violation], model: str) -> float:
    """A spent day draws 5 to 25 s as Google's bodies do; the minute's own wait otherwise."""
    if any(violation.dimension == "requests_per_day" for violation in violations):
        return 5.0 + 20.0 * uniform("day", model, violations[0].limit)
    return max(violation.wait_seconds for violation in violations)


def _fraction(seconds: float) -> str:
    return f"{seconds * 1000:.6f}ms" if seconds < 1 else f"{seconds:.9f}s"
