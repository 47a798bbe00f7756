"""Quotas hold in every shape, and a refused request costs nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.gemini_emulator.quota_errors import quota_exceeded
from scripts.gemini_emulator.quotas import (
    Account,
    QuotaExceeded,
    QuotaLedger,
    QuotaLimits,
    SlidingWindow,
    TokenBucket,
    Violation,
)

TIMES = st.lists(st.floats(0, 5), min_size=1, max_size=120)


def today() -> str:
    return "2026-11-23"


def admitted_at(admission: str, limit: int, gaps: list[float]) -> list[float]:
    account = Account(QuotaLimits(rpm=limit), admission)  # type: ignore[arg-type]
    now, admitted = 0.0, []
    for gap in gaps:
        now += gap
        try:
            account.admit(10, now, today)
        except QuotaExceeded:
            continue
        admitted.append(now)
    return admitted


@given(TIMES, st.integers(1, 20))
def test_a_sliding_window_never_admits_more_than_its_limit_in_any_minute(
    gaps: list[float], limit: int
) -> None:
    admitted = admitted_at("sliding_window", limit, gaps)
    for start in admitted:
        assert sum(start <= at < start + 60 for at in admitted) <= limit


@given(TIMES, st.integers(1, 20))
def test_a_token_bucket_never_admits_more_than_its_burst_and_refill(
    gaps: list[float], limit: int
) -> None:
    admitted = admitted_at("token_bucket", limit, gaps)
    for start in admitted:
        for end in admitted:
            if end >= start:
                count = sum(start <= at <= end for at in admitted)
                assert count <= limit + (end - start) * limit / 60 + 1e-6


@given(st.sampled_from([TokenBucket, SlidingWindow]), st.integers(1, 30), TIMES)
def test_waiting_as_long_as_told_is_enough(kind: type, limit: int, gaps: list[float]) -> None:
    meter, now = kind(limit), 0.0
    for gap in gaps:
        now += gap
        wait = meter.wait(1, now)
        if wait == 0:
            meter.take(1, now)
        else:
            assert meter.wait(1, now + wait + 1e-6) == 0


def test_a_refused_request_takes_no_tokens() -> None:
    account = Account(QuotaLimits(rpm=1, tpm=100), "sliding_window")
    account.admit(60, 0.0, today)
    with pytest.raises(QuotaExceeded):
        account.admit(30, 1.0, today)
    account.admit(40, 60.5, today)


def test_the_day_is_spent_at_its_limit_and_new_the_next_day() -> None:
    account = Account(QuotaLimits(rpd=2), "token_bucket")
    for _ in range(2):
        account.admit(1, 0.0, today)
    with pytest.raises(QuotaExceeded) as refused:
        account.admit(1, 1.0, today)
    assert [each.dimension for each in refused.value.violations] == ["requests_per_day"]
    account.admit(1, 2.0, lambda: "2026-11-24")


def test_the_most_specific_limits_count() -> None:
    ledger = QuotaLedger(QuotaLimits(rpm=1), "token_bucket")
    ledger.set_limits("p", "*", QuotaLimits(rpm=2))
    ledger.set_limits("p", "m", QuotaLimits(rpm=3))
    found = [ledger.account(*key).limits.rpm for key in (("p", "m"), ("p", "n"), ("q", "m"))]
    assert found == [3, 2, 1]


def test_a_day_can_start_used() -> None:
    ledger = QuotaLedger(QuotaLimits(), "token_bucket")
    ledger.set_limits("p", "*", QuotaLimits(rpd=50), used_today=50)
    with pytest.raises(QuotaExceeded):
        ledger.account("p", "m").admit(1, 0.0, today)


def test_the_retry_delay_is_truncated_while_the_message_has_the_fraction() -> None:
    error = quota_exceeded([Violation("requests_per_minute", 10, 53.016342224)], "gemini-2.5-flash")
    help_, failure, retry = error.details
    assert (error.code, error.status) == (429, "RESOURCE_EXHAUSTED")
    assert "Please retry in 53.016342224s." in error.message
    assert retry["retryDelay"] == "53s"
    assert help_["@type"].endswith("google.rpc.Help")
    assert failure["violations"] == [
        {
            "quotaMetric": "generativelanguage.googleapis.com/generate_content_free_tier_requests",
            "quotaId": "GenerateRequestsPerMinutePerProjectPerModel-FreeTier",
            "quotaDimensions": {"location": "global", "model": "gemini-2.5-flash"},
            "quotaValue": "10",
        }
    ]


def test_a_spent_day_carries_a_small_retry_delay_too() -> None:
    error = quota_exceeded([Violation("requests_per_day", 20, 60.0)], "gemini-2.5-flash")
    assert "PerDay" in error.details[1]["violations"][0]["quotaId"]
    assert 5 <= int(error.details[2]["retryDelay"].rstrip("s")) <= 25


def test_limit_zero_has_no_quota_value() -> None:
    error = quota_exceeded([Violation("requests_per_minute", 0, 53.0)], "gemini-2.5-pro")
    assert "limit: 0, model: gemini-2.5-pro" in error.message
    assert "quotaValue" not in error.details[1]["violations"][0]
