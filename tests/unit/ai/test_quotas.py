"""Quotas: defaults, overrides, and the days that they are counted in."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.ai.quotas import (
    UNKNOWN_MODEL,
    next_pacific_midnight,
    pacific_midnights,
    quota_for,
    warnings_about_quotas,
)


@given(st.datetimes(datetime(2024, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_the_quota_day_ends_at_midnight_in_california(moment):
    here = next_pacific_midnight(moment).astimezone(ZoneInfo("America/Los_Angeles"))
    assert (here.hour, here.minute, here.second) == (0, 0, 0)
    assert timedelta(0) < here - moment <= timedelta(hours=25)


def test_there_is_always_a_midnight_before_and_after():
    now = datetime(2026, 11, 1, 8, 30, tzinfo=UTC)
    midnights = pacific_midnights(now)
    assert midnights == sorted(midnights)
    assert midnights[0] / 1000 < now.timestamp() < midnights[-1] / 1000


def test_the_longest_known_name_gives_the_default():
    lite = quota_for("p", "gemini-2.5-flash-lite-preview", {})
    assert lite.rpm == 15
    assert quota_for("p", "gemini-2.5-flash", {}).rpm == 10
    assert quota_for("p", "some-other-model", {}) == UNKNOWN_MODEL


def test_an_override_of_a_project_beats_one_of_the_model():
    overrides = {"m": {"rpm": 50, "rpd": 9}, "p/m": {"rpm": 70}}
    quota = quota_for("p", "m", overrides)
    assert (quota.rpm, quota.rpd) == (70, 9)
    assert quota_for("q", "m", overrides).rpm == 50


def test_an_override_with_an_unknown_name_is_an_error():
    with pytest.raises(TypeError):
        quota_for("p", "m", {"m": {"rpx": 1}})


def test_the_operator_hears_of_overrides_that_change_nothing():
    def told(name: str) -> list[str]:
        return warnings_about_quotas([name], ["m", "fallback"], ["p"])

    assert told("m") == told("p/m") == told("p/fallback") == []
    for misspelt in ("n", "p/n", "models/m", "q/m", "m/p", ""):
        (warning,) = told(misspelt)
        assert f"GEMINI_QUOTAS says something of {misspelt}" in warning
