"""What each way of failing means for the request, the key, the project and the model: one table.

Rows are tried from the top; the first that matches decides. Sources: Google's error reference,
python-genai#1875, #2065 and #2114, gemini-cli's googleQuotaErrors.ts, and observed bodies.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from shared.ai.provider_error import ProviderError, Violation


class Effect(StrEnum):
    """What the pool does; the names are those of lua/settle.lua."""

    SUCCESS = "success"
    ANSWERED = "answered"
    NEUTRAL = "neutral"
    FAIL_MODEL = "fail_model"
    COOL = "cool"
    PARK_DAY = "park_day"
    PARK_PROJECT = "park_project"
    DISABLE_BUCKET = "disable_bucket"
    DISABLE_PROJECT = "disable_project"
    KILL_KEY = "kill_key"
    REFUSE_PAIR = "refuse_pair"


class Next(StrEnum):
    """What the request does."""

    OTHER_KEY = "other_key"
    ONCE_MORE = "once_more"
    BACK_OFF = "back_off"
    GIVE_UP = "give_up"


Test = Callable[[ProviderError], bool]


@dataclass(frozen=True)
class Row:
    """One way of failing."""

    kind: str
    when: Test
    effect: Effect
    then: Next
    dimension: str | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class Failure:
    """A classified failure, ready to be told to the pool."""

    kind: str
    effect: Effect
    then: Next
    http_status: int | None = None
    dimension: str | None = None
    limit: int | None = None
    cool_seconds: float | None = None
    answered: bool = True

    @property
    def is_refusal(self) -> bool:
        return self.http_status == 429


# Longer delays than this are not a minute's quota, whatever the body calls it (gemini-cli's rule).
TERMINAL_SECONDS = 300.0
_PER_DAY = re.compile(r"PerDay|Daily", re.IGNORECASE)
_PER_MINUTE = re.compile(r"PerMinute", re.IGNORECASE)
_TOKENS = re.compile(r"Token", re.IGNORECASE)
_ZERO = re.compile(r"\blimit: *0(?![.\d])", re.IGNORECASE)


def _status(*codes: int) -> Test:
    return lambda error: error.http_status in codes


def _says(code: int, pattern: str) -> Test:
    """Matches the reason, status or message of an answer with this code; 0 is any code."""
    wanted = re.compile(pattern, re.IGNORECASE)
    return lambda error: (
        code in (0, error.http_status)
        and bool(wanted.search(f"{error.reason} {error.status} {error.message}"))
    )


def _quota(pattern: re.Pattern[str], tokens: bool | None = None) -> Test:
    def test(error: ProviderError) -> bool:
        return error.http_status == 429 and any(
            pattern.search(item.quota_id)
            and (tokens is None or bool(_TOKENS.search(item.quota_id)) == tokens)
            for item in error.violations
        )

    return test


def _no_quota_at_all(error: ProviderError) -> bool:
    in_words = not error.violations and bool(_ZERO.search(error.message))
    named = any(item.limit == 0 for item in error.violations)
    return error.http_status == 429 and (named or in_words)


def _foreign(*codes: int) -> Test:
    """Matches what a proxy or a captive network answers in Google's stead: no key is to blame."""
    return lambda error: (
        not error.is_googles and (error.http_status < 400 or error.http_status in codes)
    )


def _far_away(error: ProviderError) -> bool:
    return error.http_status == 429 and (error.retry_seconds or 0) > TERMINAL_SECONDS


_DEAD_KEY = (
    r"API_KEY_INVALID|API key (not valid|not found|expired)|API_KEY_SERVICE_BLOCKED"
    r"|CONSUMER_SUSPENDED|has been suspended|reported as leaked|API_KEY_[A-Z_]*BLOCKED"
)

TABLE: tuple[Row, ...] = (
    Row("no_quota", _no_quota_at_all, Effect.DISABLE_BUCKET, Next.OTHER_KEY),
    # The id of a day's quota outranks any RetryInfo: such bodies carry delays of a few seconds.
    Row("day_quota", _quota(_PER_DAY), Effect.PARK_DAY, Next.OTHER_KEY),
    Row("prepay_spent", _says(429, r"prepayment credits"), Effect.DISABLE_PROJECT, Next.OTHER_KEY),
    Row(
        "spend_limit",
        _says(429, r"spend(ing)? (limit|cap)|billing limit"),
        Effect.PARK_PROJECT,
        Next.OTHER_KEY,
        seconds=600,
    ),
    Row("long_quota", _far_away, Effect.PARK_PROJECT, Next.OTHER_KEY),
    Row(
        "token_quota",
        _quota(_PER_MINUTE, tokens=True),
        Effect.COOL,
        Next.OTHER_KEY,
        "tokens",
        seconds=60,
    ),
    Row(
        "minute_quota",
        _quota(_PER_MINUTE),
        Effect.COOL,
        Next.OTHER_KEY,
        "requests",
        seconds=60,
    ),
    Row("quota_unnamed", _status(429), Effect.COOL, Next.OTHER_KEY, "requests"),
    Row("foreign_answer", _foreign(401, 403, 407), Effect.FAIL_MODEL, Next.BACK_OFF),
    Row("key_invalid", _says(400, _DEAD_KEY), Effect.KILL_KEY, Next.OTHER_KEY),
    Row(
        "project_refused",
        _says(400, "FAILED_PRECONDITION"),
        Effect.DISABLE_PROJECT,
        Next.OTHER_KEY,
    ),
    Row("service_disabled", _says(403, "SERVICE_DISABLED"), Effect.DISABLE_PROJECT, Next.OTHER_KEY),
    Row("key_refused", _says(403, _DEAD_KEY), Effect.KILL_KEY, Next.OTHER_KEY),
    Row("model_refused", _says(403, r"\bmodels?/|\bfile\b"), Effect.REFUSE_PAIR, Next.OTHER_KEY),
    Row("key_refused", _status(401, 403), Effect.KILL_KEY, Next.OTHER_KEY),
    Row("cancelled", _status(499), Effect.NEUTRAL, Next.GIVE_UP),
    Row("internal", _status(500), Effect.FAIL_MODEL, Next.ONCE_MORE),
    Row("overloaded", _status(408, 502, 503, 504), Effect.FAIL_MODEL, Next.BACK_OFF),
    Row("server_error", lambda error: error.http_status > 500, Effect.FAIL_MODEL, Next.BACK_OFF),
    # What is left is the request's own fault; no key is blamed for it.
    Row("request_refused", lambda _error: True, Effect.NEUTRAL, Next.GIVE_UP),
)

# Kinds that are answers 429, and those that somebody has to see to: a key or project is refused.
REFUSALS = frozenset(
    {"no_quota", "day_quota", "prepay_spent", "spend_limit", "long_quota"}
    | {"token_quota", "minute_quota", "quota_unnamed"}
)
NEEDS_OPERATOR = frozenset(
    row.kind
    for row in TABLE
    if row.effect in (Effect.KILL_KEY, Effect.DISABLE_BUCKET, Effect.DISABLE_PROJECT)
)

TIMED_OUT = Failure("timeout", Effect.FAIL_MODEL, Next.OTHER_KEY, answered=False)
# Our own deadline was too near for the model to be blamed.
OUT_OF_TIME = Failure("out_of_time", Effect.NEUTRAL, Next.GIVE_UP, answered=False)
NOT_CONNECTED = Failure("transport", Effect.FAIL_MODEL, Next.BACK_OFF, answered=False)
FOREIGN = Failure("foreign_answer", Effect.FAIL_MODEL, Next.BACK_OFF)
OUR_POOL_FULL = Failure("pool_timeout", Effect.NEUTRAL, Next.BACK_OFF, answered=False)
CANCELLED = Failure("cancelled", Effect.NEUTRAL, Next.GIVE_UP, answered=False)
MALFORMED = Failure("malformed", Effect.ANSWERED, Next.ONCE_MORE, http_status=200)
CUT_STREAM = Failure("cut_stream", Effect.NEUTRAL, Next.ONCE_MORE, http_status=200)
TRUNCATED = Failure("truncated", Effect.ANSWERED, Next.GIVE_UP, http_status=200)
BLOCKED = Failure("blocked", Effect.ANSWERED, Next.GIVE_UP, http_status=200)

# How a 200 may end without an answer worth having.
BLOCKING_REASONS = frozenset(
    {"SAFETY", "RECITATION", "PROHIBITED_CONTENT", "BLOCKLIST", "SPII", "LANGUAGE"}
    | {"IMAGE_SAFETY"}
)


def classify(error: ProviderError) -> Failure:
    """The failure that an answer other than 200 is."""
    row = next(row for row in TABLE if row.when(error))
    violation = _decisive(error, row)
    return Failure(
        kind=row.kind,
        effect=row.effect,
        then=row.then,
        http_status=error.http_status,
        dimension=row.dimension,
        limit=violation.limit if violation else None,
        cool_seconds=error.retry_seconds if _obeys_delay(row, error) else row.seconds,
    )


def _obeys_delay(row: Row, error: ProviderError) -> bool:
    return error.retry_seconds is not None and row.kind in {
        "minute_quota",
        "token_quota",
        "quota_unnamed",
        "long_quota",
    }


# Which violation names the limit that is learnt of a failure, and whether it is one of tokens.
_NAMING = {
    "day_quota": (_PER_DAY, False),
    "minute_quota": (_PER_MINUTE, False),
    "token_quota": (_PER_MINUTE, True),
}


def _decisive(error: ProviderError, row: Row) -> Violation | None:
    if row.kind not in _NAMING:
        return None
    pattern, tokens = _NAMING[row.kind]
    for item in error.violations:
        if pattern.search(item.quota_id) and bool(_TOKENS.search(item.quota_id)) == tokens:
            return item
    return None
