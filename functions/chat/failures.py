"""What the client is told where the model gives no answer."""

from shared.ai import LanguageModelError, ModelSaturated

_MESSAGES = {
    "model_busy": "The assistant is busy at the moment. Please try again in a minute.",
    "model_unavailable": "The assistant can't be reached at the moment. Please try again.",
    "reply_blocked": "The assistant may not answer this question.",
    "budget_exceeded": "Your budget for today is spent. Please come back tomorrow.",
    "no_model_keys": "No language model is configured.",
}
_OTHERWISE = "The assistant can't answer this question."


def failure_code(error: Exception) -> str:
    """The stable code of what went wrong."""
    if isinstance(error, ModelSaturated):
        return "model_busy"
    if isinstance(error, TimeoutError):
        return "model_unavailable"
    return error.code if isinstance(error, LanguageModelError) else "internal_error"


def failure_message(code: str) -> str:
    """What a person is told about it."""
    return _MESSAGES.get(code, _OTHERWISE)
