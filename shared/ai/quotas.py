"""How much each project may ask of each model: defaults, overrides, and Google's quota day."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any


@dataclass(frozen=True)
class Quota:
    """Requests and input tokens per minute, requests per day."""

    rpm: float
    tpm: int
    rpd: int


# Free-tier limits as Google last published them (2025). Today the numbers are only shown in
# AI Studio and are "not guaranteed": override them by GEMINI_QUOTAS; 429s correct them too.
DEFAULTS: Mapping[str, Quota] = {
    "gemini-3-pro": Quota(5, 250_000, 100),
    "gemini-3-flash": Quota(10, 250_000, 250),
    "gemini-2.5-pro": Quota(5, 250_000, 100),
    "gemini-2.5-flash-lite": Quota(15, 250_000, 1_000),
    "gemini-2.5-flash": Quota(10, 250_000, 250),
    "gemini-2.0-flash-lite": Quota(30, 1_000_000, 200),
    "gemini-2.0-flash": Quota(15, 1_000_000, 200),
}
UNKNOWN_MODEL = Quota(5, 100_000, 100)


def quota_for(project: str, model: str, overrides: Mapping[str, Mapping[str, Any]]) -> Quota:
    """The configured quota. `overrides` are keyed by "model" or, stronger, "project/model".

    An override may name only some of rpm, tpm and rpd.
    """
    quota = _default(model)
    for name in (model, f"{project}/{model}"):
        quota = replace(quota, **overrides.get(name, {}))
    return quota


def warnings_about_quotas(
    overrides: Iterable[str], models: Collection[str], projects: Collection[str]
) -> list[str]:
    """What the operator should know of overrides that change nothing, by the names they go by."""
    told = []
    for name in overrides:
        project, _, model = name.rpartition("/")
        if model not in models:
            told.append(
                f"GEMINI_QUOTAS says something of {name}, but the models in use are "
                f"{', '.join(models)}: it changes nothing."
            )
        elif project and project not in projects:
            told.append(
                f"GEMINI_QUOTAS says something of {name}, but no key of the settings is of the "
                f"project {project}: only keys that are added at run time can be meant."
            )
    return told


def _default(model: str) -> Quota:
    matching = [name for name in DEFAULTS if model.startswith(name)]
    return DEFAULTS[max(matching, key=len)] if matching else UNKNOWN_MODEL


def pacific_midnights(now: datetime) -> list[int]:
    """The midnights in America/Los_Angeles around `now`, in epoch milliseconds.

    Google's daily quotas start anew then. The rule of US daylight saving time (2007) is written
    out because a Lambda runtime need not have a time zone database.
    """
    day = now.astimezone(UTC).date() - timedelta(days=1)
    return [_pacific_midnight(day + timedelta(days=offset)) for offset in range(4)]


def next_pacific_midnight(now: datetime) -> datetime:
    """The first midnight in America/Los_Angeles after `now`."""
    moments = (datetime.fromtimestamp(ms / 1000, UTC) for ms in pacific_midnights(now))
    return next(moment for moment in moments if moment > now)


def _pacific_midnight(day: Any) -> int:
    begin = _nth_sunday(day.year, month=3, nth=2)
    end = _nth_sunday(day.year, month=11, nth=1)
    # The clocks change at 2 a.m., so a midnight has the offset of the day before.
    hours = 7 if begin < day <= end else 8
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=hours)
    return int(midnight.timestamp() * 1000)


def _nth_sunday(year: int, *, month: int, nth: int) -> Any:
    first = datetime(year, month, 1, tzinfo=UTC).date()
    return first + timedelta(days=(6 - first.weekday()) % 7 + 7 * (nth - 1))
