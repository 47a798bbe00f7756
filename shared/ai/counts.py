"""Reads what lua/settle.lua counted of today's calls (UTC), by key and by model."""

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shared.ai.numbers import CallCounts, CountsOnModel

_FIRST_BIN_MILLISECONDS, _BIN_GROWTH, _BINS = 50.0, 0.1823, 40


@dataclass(frozen=True)
class TodaysCounts:
    """What each key did for each model, by the counters' names."""

    of: Mapping[tuple[str, str], Counter[str]]

    @classmethod
    def read(cls, counters: Mapping[str, int]) -> "TodaysCounts":
        """`counters` are named alias|model|what; neither an alias nor a model has a bar."""
        found: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        for name, value in counters.items():
            alias, model, what = name.split("|", 2)
            found[alias, model][what] += value
        return cls(found)

    def total(self, aliases: Sequence[str] | None = None, model: str | None = None) -> CallCounts:
        """The sum over these keys and this model; None means every one, also of former ones."""
        added: Counter[str] = Counter()
        for (alias, on_model), counter in self.of.items():
            if (aliases is None or alias in aliases) and model in (None, on_model):
                added.update(counter)
        return CallCounts(**_numbers(added))

    def by_model(self, alias: str) -> list[CountsOnModel]:
        """What one key did, model by model, also for models that nobody asks any more."""
        return [
            CountsOnModel(model=model, **_numbers(counter))
            for (of_alias, model), counter in sorted(self.of.items())
            if of_alias == alias
        ]


def _numbers(counter: Counter[str]) -> dict[str, object]:
    bins = {int(number): value for number, value in _named(counter, "bin|").items()}
    return {
        "requests": counter["requests"],
        "tokens": counter["tokens"],
        "lost": counter["lost"],
        "refusals": _named(counter, "429|"),
        "errors": _named(counter, "error|"),
        "latency_p50_ms": _percentile(bins, 0.50),
        "latency_p95_ms": _percentile(bins, 0.95),
    }


def _named(counter: Counter[str], prefix: str) -> dict[str, int]:
    return {
        name.removeprefix(prefix): value
        for name, value in counter.items()
        if name.startswith(prefix)
    }


def _percentile(bins: Mapping[int, int], share: float) -> float | None:
    """Middle of the bin, a tenth off at most: those of lua/settle.lua grow by 20 % from 50 ms."""
    total, below = sum(bins.values()), 0
    for number in range(1, _BINS + 1):
        below += bins.get(number, 0)
        if total and below >= share * total:
            return round(_FIRST_BIN_MILLISECONDS * math.exp(_BIN_GROWTH * (number - 0.5)), 1)
    return None
