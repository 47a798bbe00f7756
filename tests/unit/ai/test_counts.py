"""Today's counts: by key and model, and added up."""

import math
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from shared.ai.counts import TodaysCounts

ALIASES, MODELS = ("key-1", "key-10", "429"), ("gemini-2.5-flash", "gemini-2.5-flash-lite")
WHAT = ("requests", "tokens", "lost", "429|minute_quota", "error|overloaded", "bin|1", "bin|40")
COUNTERS = st.dictionaries(
    st.builds(
        "{}|{}|{}".format, st.sampled_from(ALIASES), st.sampled_from(MODELS), st.sampled_from(WHAT)
    ),
    st.integers(1, 1000),
)


@given(COUNTERS)
def test_every_count_is_in_exactly_one_key_and_model(counters):
    counts = TodaysCounts.read(counters)
    everything = counts.total()
    for parts in (
        [counts.total([alias]) for alias in ALIASES],
        [counts.total(model=model) for model in MODELS],
        [one for alias in ALIASES for one in counts.by_model(alias)],
        [counts.total([alias], model) for alias in ALIASES for model in MODELS],
    ):
        for name in ("requests", "tokens", "lost"):
            assert sum(getattr(part, name) for part in parts) == getattr(everything, name)
        for name in ("refusals", "errors"):
            told = sum(sum(getattr(part, name).values()) for part in parts)
            assert told == sum(getattr(everything, name).values())


def test_a_key_is_shown_with_the_models_it_was_used_for_and_no_other():
    counts = TodaysCounts.read(
        {"key-1|a|requests": 2, "key-1|a|429|day_quota": 1, "key-2|b|requests": 9}
    )
    (of_key,) = counts.by_model("key-1")
    assert (of_key.model, of_key.requests, of_key.tokens) == ("a", 2, 0)
    assert (of_key.refusals, of_key.errors) == ({"day_quota": 1}, {})
    assert counts.by_model("key-3") == []


def test_percentiles_are_of_all_calls_and_not_of_percentiles():
    counts = TodaysCounts.read({"k|fast|bin|1": 98, "k|slow|bin|40": 2})
    both, slow = counts.total(["k"]), counts.total(["k"], "slow")
    assert both.latency_p95_ms == both.latency_p50_ms < 100
    assert slow.latency_p50_ms > 50_000
    assert counts.total(["k"], "none").latency_p50_ms is None


@given(st.lists(st.floats(50.0, 60_000.0), min_size=1, max_size=200), st.sampled_from([0.5, 0.95]))
def test_a_percentile_is_a_tenth_off_at_most(latencies, share):
    # As lua/settle.lua puts them into bins.
    counters = Counter(
        f"k|m|bin|{min(40, math.floor(math.log(one / 50) / 0.1823) + 1)}" for one in latencies
    )
    shown = TodaysCounts.read(counters).total()
    told = shown.latency_p50_ms if share == 0.5 else shown.latency_p95_ms
    true = sorted(latencies)[math.ceil(share * len(latencies)) - 1]
    assert true / 1.1 <= told <= true * 1.1
