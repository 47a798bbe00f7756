"""Why a language model gave no usable answer.

LanguageModelError
├── ModelSaturated     all quota is taken: come back at `until`, a slot is kept for you
├── ModelUnavailable   this request failed wherever it was sent: try again in `retry_after` seconds
│   └── ModelOutage    nothing is being sent: the model is down, or no key works
├── ReplyTruncated     the answer hit max_output_tokens: ask for less, or allow more
├── ReplyBlocked       a safety or recitation filter took the answer: the request's own fate
├── ReplyInvalid       the answer broke its schema, after one repair
├── RequestRefused     the provider rejects the request itself: never retry it as it is
├── BudgetExceeded     this user's daily budget is spent
└── NoKeysConfigured   there is no key to call with
"""

from collections.abc import Sequence
from datetime import datetime

from shared.errors import LearningAppError


class LanguageModelError(LearningAppError):
    """Root of what can go wrong between us and the model."""

    code = "model_error"


class ModelSaturated(LanguageModelError):
    """No quota is free before `until` (aware, UTC). Come back then: the slot is reserved."""

    code = "model_saturated"

    def __init__(self, until: datetime, reason: str) -> None:
        super().__init__(f"the model's quota is taken until {until.isoformat()}: {reason}")
        self.until = until
        self.reason = reason


class ModelUnavailable(LanguageModelError):
    """Outage, timeouts or only broken keys: `reason` is `outage` or `no_working_key`.

    `retry_after` is in seconds.
    """

    code = "model_unavailable"

    def __init__(self, message: str, *, retry_after: float, reason: str = "outage") -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.reason = reason


class ModelOutage(ModelUnavailable):
    """The same known beforehand: nothing was sent, for nothing gets through."""


class ReplyTruncated(LanguageModelError):
    """The answer was cut at max_output_tokens; `text` is what came."""

    code = "reply_truncated"

    def __init__(self, text: str = "") -> None:
        super().__init__("the model's answer was longer than allowed")
        self.text = text


class ReplyBlocked(LanguageModelError):
    """The provider refused to answer; `reason` is its finish or block reason."""

    code = "reply_blocked"

    def __init__(self, reason: str) -> None:
        super().__init__(f"the model refused to answer: {reason}")
        self.reason = reason


class ReplyInvalid(LanguageModelError):
    """The answer didn't fit its schema, even after one repair."""

    code = "reply_invalid"

    def __init__(self, errors: Sequence[str]) -> None:
        super().__init__("the model's answer breaks its schema: " + "; ".join(errors[:5]))
        self.errors = tuple(errors)


class RequestRefused(LanguageModelError):
    """The provider says that the request itself is wrong or too large."""

    code = "request_refused"


class BudgetExceeded(LanguageModelError):
    """The user's budget for today is spent; it starts anew at `until` (aware, UTC)."""

    code = "budget_exceeded"

    def __init__(self, until: datetime) -> None:
        super().__init__("today's budget for the language model is spent")
        self.until = until


class NoKeysConfigured(LanguageModelError):
    """Neither the settings nor the database hold a key that may be used."""

    code = "no_model_keys"

    def __init__(self) -> None:
        super().__init__("no Gemini API key is configured: set GEMINI_API_KEY_1 or add one")
