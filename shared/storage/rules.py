"""When an object's deletion is tried, and from when on an operator hears of it."""

from datetime import datetime, timedelta

# Whoever notes a deletion carries it out as well. The sweep leaves it that long for it: no
# function that does so runs longer.
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)

# An upload form works for half a day at most (UPLOAD_URL_SECONDS), and nobody posts for the other.
UPLOADS_END = timedelta(days=1)

# By then a deletion has failed for half an hour.
STUBBORN_TRIES = 5


def pause_after(tries: int) -> timedelta:
    """The time from the start of one try to the next; `tries` counts the one that starts."""
    # The exponent is bounded, because the deletion is never given up.
    factor = 1 << min(tries, 16)
    return min(FIRST_PAUSE * factor, LONGEST_PAUSE)


def may_still_be_uploaded(form_made_at: datetime, now: datetime) -> bool:
    """Whether an upload with a form of that age may begin or be under way."""
    return now < form_made_at + UPLOADS_END
