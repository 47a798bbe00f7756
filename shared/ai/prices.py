"""What calls cost. US dollars per million tokens are micro-dollars per token."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from shared.ai.interface import Usage


@dataclass(frozen=True)
class Price:
    """Micro-USD per token of input, of cached input and of output (thoughts are output)."""

    prompt: float
    cached: float
    output: float


# Paid-tier list prices for text as published by Google; free-tier calls are booked at them too.
PRICES: Mapping[str, Price] = {
    "gemini-3-pro": Price(2.00, 0.20, 12.00),
    "gemini-3-flash": Price(0.50, 0.05, 3.00),
    "gemini-2.5-pro": Price(1.25, 0.125, 10.00),
    "gemini-2.5-flash-lite": Price(0.10, 0.01, 0.40),
    "gemini-2.5-flash": Price(0.30, 0.03, 2.50),
    "gemini-2.0-flash-lite": Price(0.075, 0.075, 0.30),
    "gemini-2.0-flash": Price(0.10, 0.025, 0.40),
}
# An unknown model is booked at the dearest price known: a budget must not leak.
DEAREST = Price(2.00, 2.00, 12.00)


def price_of(model: str) -> Price:
    """The price of the longest known prefix of the model's name."""
    matching = [name for name in PRICES if model.startswith(name)]
    return PRICES[max(matching, key=len)] if matching else DEAREST


def cost_micro_usd(model: str, usage: Usage) -> int:
    """What a call cost, rounded up."""
    price = price_of(model)
    return math.ceil(
        (usage.prompt_tokens - usage.cached_tokens) * price.prompt
        + usage.cached_tokens * price.cached
        + (usage.output_tokens + usage.thought_tokens) * price.output
    )
