"""When deletions are tried again, and how long an upload may still come."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.config import Settings
from shared.storage.rules import (
    FIRST_PAUSE,
    LONGEST_PAUSE,
    STUBBORN_TRIES,
    UPLOADS_END,
    may_still_be_uploaded,
    pause_after,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_pauses_double_up_to_an_hour() -> None:
    minutes = [pause_after(tries) / timedelta(minutes=1) for tries in range(1, 9)]
    assert minutes == [2, 4, 8, 16, 32, 60, 60, 60]


@given(st.integers(min_value=1, max_value=2**31 - 1))
def test_a_deletion_is_never_given_up_and_never_tried_all_the_time(tries: int) -> None:
    assert FIRST_PAUSE < pause_after(tries) <= LONGEST_PAUSE
    assert pause_after(tries) <= pause_after(tries + 1)


def test_operators_hear_of_it_after_half_an_hour_of_failures() -> None:
    waited = sum((pause_after(tries) for tries in range(1, STUBBORN_TRIES)), FIRST_PAUSE)
    assert timedelta(minutes=30) <= waited <= timedelta(minutes=40)


@given(st.timedeltas(min_value=timedelta(0), max_value=2 * UPLOADS_END))
def test_an_upload_may_come_for_a_day(age: timedelta) -> None:
    assert may_still_be_uploaded(NOW - age, NOW) == (age < UPLOADS_END)


def test_the_longest_form_that_can_be_set_leaves_its_last_upload_half_a_day() -> None:
    longest = Settings.model_fields["upload_url_seconds"].metadata
    (most,) = (bound.le for bound in longest if hasattr(bound, "le"))
    assert timedelta(seconds=most) + timedelta(hours=12) <= UPLOADS_END
