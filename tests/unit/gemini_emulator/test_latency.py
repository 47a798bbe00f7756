"""Latency draws depend on content, not on the order of arrival."""

import statistics

import pytest

from scripts.gemini_emulator.latency import LatencySettings, draw


def test_a_draw_is_a_function_of_seed_content_and_occurrence() -> None:
    settings = LatencySettings()
    assert draw(settings, 1, "content", 1) == draw(settings, 1, "content", 1)
    others = {draw(settings, *of) for of in ((1, "content", 2), (1, "other", 1), (2, "content", 1))}
    assert draw(settings, 1, "content", 1) not in others


def test_the_first_token_is_lognormal_with_the_median_and_sigma_set() -> None:
    settings = LatencySettings(first_token_median=0.8, first_token_sigma=0.5)
    drawn = sorted(draw(settings, 1, str(n), 1).first_token_seconds for n in range(4000))
    assert statistics.median(drawn) == pytest.approx(0.8, rel=0.05)
    assert drawn[3364] / drawn[2000] == pytest.approx(2.718**0.5, rel=0.08)


def test_one_factor_scales_everything() -> None:
    whole = draw(LatencySettings(), 7, "content", 1)
    tenth = draw(LatencySettings(scale=0.1), 7, "content", 1)
    assert tenth.total_seconds(300) == pytest.approx(whole.total_seconds(300) / 10)
    assert draw(LatencySettings(scale=0), 7, "content", 1).total_seconds(300) == 0


def test_tokens_come_at_the_speed_set_around_its_median() -> None:
    drawn = [draw(LatencySettings(), 1, str(n), 1).seconds_per_token for n in range(2000)]
    assert 1 / statistics.median(drawn) == pytest.approx(150, rel=0.05)
