"""The grades' cache under load: nobody waits for an equal answer, and batches can't deadlock."""

import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from functions.evaluation.ports import AnswerToGrade, NewGrade
from functions.evaluation.reading import answers_to_grade
from functions.evaluation.rules.answers import Verdict
from shared.database.tables.evaluation import CachedGrade
from tests.integration.evaluation.evaluation_harness import Evaluation

Start = Callable[..., Evaluation]
WORDS = "Mitochondria make the energy of a cell"


def graded(answers: Sequence[AnswerToGrade]) -> list[tuple[AnswerToGrade, NewGrade]]:
    """Each with a grade of the model whose grades are kept."""
    return [
        (
            one,
            NewGrade(
                one.id,
                1.0,
                2.0,
                Verdict.PARTIAL,
                "Half.",
                "model",
                provenance={"model": "fake-model"},
            ),
        )
        for one in answers
    ]


def free_answers(evaluation: Evaluation, texts: Sequence[str]) -> list[AnswerToGrade]:
    """Answers of as many learners to the one free question."""
    submitted = evaluation.hand_in_class(
        {f"learner {n}": {evaluation.free[0]: one} for n, one in enumerate(texts)}
    )
    ids = [one.id for one in submitted.submissions]
    with evaluation.database.transaction() as session:
        found = session.execute(
            text("SELECT id FROM answers WHERE submission_id = ANY(:ids)"), {"ids": ids}
        )
        return answers_to_grade(session, [row.id for row in found])


def hurry(session: Session) -> None:
    session.execute(text("SET LOCAL lock_timeout = '500ms'"))


def test_equal_answers_handed_in_together_do_not_wait_for_each_other(start: Start) -> None:
    evaluation = start()
    [answer] = free_answers(evaluation, [WORDS])
    with evaluation.database.transaction() as session:
        evaluation.cache(session).remember(graded([answer]))

    with evaluation.database.transaction() as first, evaluation.database.transaction() as second:
        hurry(first)
        hurry(second)
        served = [evaluation.cache(session).find([answer]) for session in (first, second)]

    assert [[grade.source for grade in one] for one in served] == [["cache"], ["cache"]]


def test_handing_in_an_equal_answer_waits_for_no_other_submission(start: Start) -> None:
    evaluation = start()
    evaluation.run(evaluation.submit_free([WORDS]))

    with evaluation.database.transaction() as other:
        [known] = other.execute(select(CachedGrade)).scalars()
        # The other submission was served from the cache, and has not committed yet.
        assert evaluation.cache(other).find(answers_to_grade(other, [known.answer_id]))
        again = evaluation.submit_free([f"{WORDS}."])

    assert again.job is None
    assert [grade.source for grade in again.grades.values()] == ["cache"]


def test_batches_with_the_same_answers_in_another_order_store_their_grades(start: Start) -> None:
    evaluation = start()
    answers = free_answers(evaluation, [f"{WORDS} number {number}" for number in range(60)])
    together = Barrier(2)

    def remember(order: list[AnswerToGrade]) -> None:
        with evaluation.database.transaction() as session:
            together.wait(10)
            evaluation.cache(session).remember(graded(order))

    with ThreadPoolExecutor(2) as pool:
        for finished in [pool.submit(remember, one) for one in (answers, answers[::-1])]:
            finished.result(30)

    with evaluation.database.transaction() as session:
        assert session.execute(select(func.count(CachedGrade.key))).scalar_one() == 60


def test_only_unflagged_grades_of_the_asked_model_are_kept(start: Start) -> None:
    evaluation = start()
    first, second, third = free_answers(evaluation, [f"{WORDS} number {n}" for n in range(3)])
    (_, kept), (_, other), (_, flagged) = graded([first, second, third])

    with evaluation.database.transaction() as session:
        evaluation.cache(session).remember(
            [
                (first, kept),
                (second, replace(other, provenance={"model": "another"})),
                (third, replace(flagged, flags=("markup",))),
            ]
        )

    with evaluation.database.transaction() as session:
        keys: list[uuid.UUID] = list(session.execute(select(CachedGrade.answer_id)).scalars())
    assert keys == [first.id]
