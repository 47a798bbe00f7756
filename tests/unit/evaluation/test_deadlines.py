"""An evaluation's deadline grows with the calls that it needs, at the pool's least pace."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from functions.evaluation.deadlines import Deadlines
from shared.jobs.model import ChunkPlan

SHORTEST, LONGEST = timedelta(minutes=15), timedelta(hours=3)


def batches(count: int, **more: object) -> list[ChunkPlan]:
    return [
        ChunkPlan(n, {"answers": ["a", "b", "c", "d", "e"], **more}) for n in range(1, count + 1)
    ]


def test_a_learners_submission_keeps_about_the_shortest_deadline() -> None:
    assert Deadlines(SHORTEST, LONGEST, 10).of(batches(1)) == SHORTEST + timedelta(seconds=12)


def test_a_class_of_hundreds_of_batches_has_twice_the_time_that_the_pool_needs() -> None:
    assert Deadlines(SHORTEST, LONGEST, 10).of(batches(300)) == SHORTEST + timedelta(minutes=60)
    assert Deadlines(SHORTEST, LONGEST, 1000).of(batches(300)) < timedelta(minutes=16)


def test_answers_that_are_asked_about_alone_count_one_by_one() -> None:
    deadlines = Deadlines(SHORTEST, LONGEST, 10)
    assert deadlines.of(batches(4, alone=True)) == deadlines.of(batches(20))


@given(st.integers(1, 2000), st.floats(1, 10_000))
def test_no_deadline_is_shorter_than_the_shortest_or_longer_than_the_longest(
    count: int, pace: float
) -> None:
    assert SHORTEST <= Deadlines(SHORTEST, LONGEST, pace).of(batches(count)) <= LONGEST


def test_a_shortest_deadline_above_the_longest_is_kept() -> None:
    assert Deadlines(LONGEST, SHORTEST, 10).of(batches(500)) == LONGEST
