"""Free answers travel in balanced batches, each once, those of one question side by side."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.evaluation.rules.batching import BatchPlan, FreeAnswer, plan_batches


def answers_to(*counts: int) -> list[FreeAnswer]:
    """Distinct answers, `counts[0]` to the first question and so on."""
    return [
        FreeAnswer(f"q{question}-{number}", f"q{question}", f"answer {number}")
        for question, count in enumerate(counts)
        for number in range(count)
    ]


def sizes(plan: BatchPlan) -> list[int]:
    return [len(batch) for batch in plan.batches]


submissions = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 30)).map(
        lambda pair: (f"q{pair[0]}", f"text {pair[1]}")
    ),
    max_size=200,
).map(
    lambda pairs: [
        FreeAnswer(f"a{position}", question, text)
        for position, (question, text) in enumerate(pairs)
    ]
)
preferred_sizes = st.integers(5, 10)


def test_no_answers_make_no_batch() -> None:
    assert plan_batches([]).batches == ()


def test_eleven_answers_are_six_and_five() -> None:
    assert sizes(plan_batches(answers_to(11))) == [6, 5]


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_fewer_than_five_answers_are_one_batch(count: int) -> None:
    assert sizes(plan_batches(answers_to(count), 5)) == [count]


def test_a_smaller_preferred_size_makes_more_batches() -> None:
    assert sizes(plan_batches(answers_to(100), 10)) == [10] * 10
    assert sizes(plan_batches(answers_to(100), 5)) == [5] * 20


def test_batches_are_cut_between_questions_where_that_is_one_answer_away() -> None:
    plan = plan_batches(answers_to(7, 6, 7))
    assert all(len({answer.question_id for answer in batch}) <= 2 for batch in plan.batches)
    plan = plan_batches(answers_to(5, 6))
    assert [{answer.question_id for answer in batch} for batch in plan.batches] == [{"q0"}, {"q1"}]


def test_scattered_answers_of_one_question_come_together() -> None:
    scattered = [
        FreeAnswer(f"a{number}", f"q{number % 2}", f"text {number}") for number in range(10)
    ]
    plan = plan_batches(scattered, 5)
    assert [{answer.question_id for answer in batch} for batch in plan.batches] == [{"q0"}, {"q1"}]


def test_equal_answers_to_one_question_are_sent_once() -> None:
    answers = [
        FreeAnswer("a", "q", "same"),
        FreeAnswer("b", "other question", "same"),
        FreeAnswer("c", "q", "same"),
    ]
    plan = plan_batches(answers)
    assert [answer.id for answer in plan.batches[0]] == ["a", "b"]
    assert plan.copies == {"a": ("c",)}


@pytest.mark.parametrize("size", [0, 4, 11])
def test_a_preferred_size_outside_five_to_ten_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="5 to 10"):
        plan_batches(answers_to(3), size)


def test_an_id_that_stands_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="unique"):
        plan_batches([FreeAnswer("a", "q", "x"), FreeAnswer("a", "q", "y")])


@given(submissions, preferred_sizes)
def test_every_answer_is_sent_once_or_shares_the_grade_of_its_equal(
    answers: list[FreeAnswer], size: int
) -> None:
    plan = plan_batches(answers, size)
    sent = [answer for batch in plan.batches for answer in batch]
    by_id = {answer.id: answer for answer in answers}
    copies = [copy for ids in plan.copies.values() for copy in ids]
    assert sorted([answer.id for answer in sent] + copies) == sorted(by_id)
    for first, others in plan.copies.items():
        assert first in {answer.id for answer in sent}
        for other in others:
            assert by_id[other].question_id == by_id[first].question_id
            assert by_id[other].canonical == by_id[first].canonical


@given(submissions, preferred_sizes)
def test_batches_hold_five_to_ten_and_calls_stay_few(answers: list[FreeAnswer], size: int) -> None:
    plan = plan_batches(answers, size)
    sent = sum(sizes(plan))
    assert len(plan.batches) <= len(answers) / 5 + 2
    if sent >= 5:
        assert all(5 <= length <= 10 for length in sizes(plan))
    else:
        assert len(plan.batches) == (1 if sent else 0)


@given(submissions, preferred_sizes)
def test_batches_are_balanced(answers: list[FreeAnswer], size: int) -> None:
    lengths = sizes(plan_batches(answers, size))
    assert not lengths or max(lengths) - min(lengths) <= 2


@given(submissions, preferred_sizes)
def test_answers_of_one_question_are_side_by_side(answers: list[FreeAnswer], size: int) -> None:
    plan = plan_batches(answers, size)
    order = [answer.question_id for batch in plan.batches for answer in batch]
    changes = sum(left != right for left, right in pairwise(order))
    assert changes <= max(len(set(order)) - 1, 0)


@given(submissions, preferred_sizes)
def test_the_same_submission_makes_the_same_plan(answers: list[FreeAnswer], size: int) -> None:
    assert plan_batches(answers, size) == plan_batches(list(answers), size)
