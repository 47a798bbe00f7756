"""Which of two models that gave no answer is waited for."""

from datetime import UTC, datetime

from shared.ai.errors import ModelSaturated, ModelUnavailable

Silence = ModelSaturated | ModelUnavailable


def worth_waiting_for(first: Silence, second: Silence, seconds_left: float) -> Silence:
    """Of two models without quota the one that has some sooner; else the first model, unless it
    won't be back before the deadline and the second one will."""
    sooner = _seconds(second) < _seconds(first)
    if isinstance(first, ModelSaturated) and isinstance(second, ModelSaturated):
        return second if sooner else first
    return second if _seconds(second) < seconds_left <= _seconds(first) else first


def _seconds(error: Silence) -> float:
    if isinstance(error, ModelSaturated):
        return (error.until - datetime.now(UTC)).total_seconds()
    return error.retry_after
