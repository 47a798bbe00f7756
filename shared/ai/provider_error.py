"""What Google's error answer says, taken out of its JSON body."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_RETRY = re.compile(r"retry in (\d+(?:\.\d+)?)\s*(ms|s|m|h)\b", re.IGNORECASE)
_LIMIT = re.compile(r"\blimit:\s*(\d+)", re.IGNORECASE)
# No quota has more digits, and Python reads no number of thousands of them.
_NUMBER = re.compile(r"[0-9]{1,15}")
_DURATION = re.compile(r"^(\d+(?:\.\d+)?)s$")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
# Whatever an answer says, the next day looks again.
LONGEST_DELAY_SECONDS = 24 * 3600.0


@dataclass(frozen=True)
class Violation:
    """One exceeded quota: its id, metric, and the limit it names."""

    quota_id: str
    metric: str
    limit: int | None


@dataclass(frozen=True)
class ProviderError:
    """An answer other than 200. `is_googles` says whether it has the form of Google's errors: a
    proxy between us answers by a page of its own."""

    http_status: int
    status: str = ""
    message: str = ""
    reason: str = ""
    violations: tuple[Violation, ...] = ()
    retry_seconds: float | None = None
    is_googles: bool = False


def parse_error(http_status: int, body: Any) -> ProviderError:
    """Reads a decoded body, whatever its shape."""
    error = body.get("error", body) if isinstance(body, Mapping) else {}
    if not isinstance(error, Mapping):
        return ProviderError(http_status)
    message = str(error.get("message") or "")
    details = [item for item in _list(error.get("details")) if isinstance(item, Mapping)]
    violations = tuple(
        _violation(item, message)
        for detail in details
        if str(detail.get("@type", "")).endswith("QuotaFailure")
        for item in _list(detail.get("violations"))
        if isinstance(item, Mapping)
    )
    return ProviderError(
        http_status=http_status,
        status=str(error.get("status") or ""),
        message=message,
        reason=next((str(item["reason"]) for item in details if item.get("reason")), ""),
        violations=violations,
        retry_seconds=_retry_seconds(message, details),
        is_googles=isinstance(body, Mapping) and "error" in body,
    )


def _violation(item: Mapping[str, Any], message: str) -> Violation:
    """A limit of zero has no `quotaValue`: only the message names it."""
    metric = str(item.get("quotaMetric") or "")
    limit = _number(item.get("quotaValue"))
    if limit is None:
        named = re.search(rf"{re.escape(metric)}, {_LIMIT.pattern}", message, re.IGNORECASE)
        if found := named or _LIMIT.search(message):
            limit = _number(found.group(1))
    return Violation(str(item.get("quotaId") or ""), metric, limit)


def _number(value: Any) -> int | None:
    text = str(value)
    return int(text) if _NUMBER.fullmatch(text) else None


def _retry_seconds(message: str, details: list[Mapping[str, Any]]) -> float | None:
    seconds = _told_seconds(message, details)
    return None if seconds is None else min(seconds, LONGEST_DELAY_SECONDS)


def _told_seconds(message: str, details: list[Mapping[str, Any]]) -> float | None:
    """The message is exact; `retryDelay` is cut to whole seconds, so it gets one more."""
    if found := _RETRY.search(message):
        return float(found.group(1)) * _SECONDS[found.group(2).lower()]
    for detail in details:
        if str(detail.get("@type", "")).endswith("RetryInfo"):
            match = _DURATION.match(str(detail.get("retryDelay", "")))
            if match:
                return float(match.group(1)) + 1.0
    return None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
