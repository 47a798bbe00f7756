"""An evaluation on a real database, from the submission to the last grade."""

import asyncio
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from functions.evaluation.cache_keys import answer_key
from functions.evaluation.pipeline import EvaluationPipeline
from functions.evaluation.prompts import AnswerReply, CriterionReply, GradingReply
from functions.evaluation.schemas import AnswerBody
from functions.evaluation.service import EvaluationService, Submitted
from functions.evaluation.store import PostgresEvaluationStore, grades_in_force
from shared.ai import ModelRequest, ReplyBlocked
from shared.database.engine import Database
from shared.database.tables.evaluation import Grade, Submission
from shared.database.tables.jobs import Job
from shared.database.tables.questions import Question
from shared.errors import Conflict, InvalidRequest, NotFound
from shared.jobs.model import Claim
from shared.jobs.store import JobStore
from shared.sessions import Caller
from tests.factories.drafts import data_of
from tests.factories.rows import SENTENCES, add_document, add_question_set, add_user
from tests.fakes.language_model import FakeLanguageModel


def judge(request: ModelRequest[Any]) -> GradingReply:
    """Every criterion is met by the answer's first word."""
    criteria = {one["ref"]: one["criteria"] for one in data_of(request, "questions")}
    return GradingReply(
        answers=[
            AnswerReply(
                id=answer["id"],
                criteria=[
                    CriterionReply(id=one["id"], met=True, evidence=answer["text"].split()[0])
                    for one in criteria[answer["question_ref"]]
                ],
                feedback=f"You wrote {answer['text'].split()[0]}.",
            )
            for answer in data_of(request, "answers")
        ]
    )


class Evaluation:
    """A question set, its learners, and the means to run an evaluation's steps."""

    def __init__(self, database: Database, model: FakeLanguageModel) -> None:
        self.database = database
        self.model = model
        self.pipeline = EvaluationPipeline(
            self._open, lambda: model, lambda _: None, lambda one: answer_key(one, "gemini")
        )
        with database.transaction() as session:
            self.teacher = add_user(session)
            document = add_document(session, self.teacher, (" ".join(SENTENCES),))
            self.set_id = add_question_set(session, document, status="published").id
            self.learner = add_user(session)
            query = select(Question).where(Question.question_set_id == self.set_id)
            self.questions = {row.type: row.id for row in session.execute(query).scalars()}

    @contextmanager
    def _open(self) -> Iterator[PostgresEvaluationStore]:
        with self.database.transaction() as session:
            yield PostgresEvaluationStore(session)

    def submit(self, **answers: Any) -> Submitted:
        bodies = [
            AnswerBody(question_id=self.questions[kind], answer=answer)
            for kind, answer in answers.items()
        ]
        caller = Caller(self.learner.id, uuid.uuid4(), "learner")
        with self.database.transaction() as session:
            service = EvaluationService(
                session, caller, model="gemini", batch_size=8, deadline=timedelta(minutes=5)
            )
            return service.submit(self.set_id, bodies)

    def run(self, submitted: Submitted) -> None:
        assert submitted.job is not None
        for ordinal in submitted.ordinals:
            with self.database.transaction() as session:
                claim = JobStore(session).claim(submitted.job.id, ordinal, timedelta(seconds=30))
            assert isinstance(claim, Claim)
            asyncio.run(self.pipeline.grade(claim))
        self.pipeline.finish(submitted.job.id)

    def grades(self, submitted: Submitted) -> list[Grade]:
        with self.database.transaction() as session:
            return list(grades_in_force(session, submitted.submission.id).values())

    def status(self, submitted: Submitted) -> str:
        with self.database.transaction() as session:
            return session.get_one(Submission, submitted.submission.id).status


@pytest.fixture
def start(database: Database) -> Callable[..., Evaluation]:
    def build(answer: Any = judge) -> Evaluation:
        return Evaluation(database, FakeLanguageModel(answer=answer))

    return build


def test_objective_answers_are_graded_in_the_request_without_a_call(
    start: Callable[..., Evaluation],
) -> None:
    evaluation = start()

    submitted = evaluation.submit(mcq=1, true_false=False, fill_blank="Mitochondria")

    assert submitted.job is None
    assert evaluation.status(submitted) == "completed"
    assert sorted(grade.score for grade in evaluation.grades(submitted)) == [0, 1, 1]
    assert {grade.source for grade in evaluation.grades(submitted)} == {"rule"}
    assert evaluation.model.requests == []


def test_a_blank_free_answer_is_zero_without_a_call(start: Callable[..., Evaluation]) -> None:
    evaluation = start()

    submitted = evaluation.submit(short_answer="   ")

    assert submitted.job is None
    assert [grade.verdict for grade in evaluation.grades(submitted)] == ["blank"]


def test_a_free_answer_is_graded_by_criteria_with_feedback_and_provenance(
    start: Callable[..., Evaluation],
) -> None:
    evaluation = start()

    submitted = evaluation.submit(short_answer="Mitochondria make the energy", mcq=1)
    evaluation.run(submitted)

    graded = {grade.source: grade for grade in evaluation.grades(submitted)}
    assert graded["model"].score == 2.0
    assert graded["model"].verdict == "correct"
    assert graded["model"].feedback == "You wrote Mitochondria."
    assert graded["model"].provenance["key_alias"] == "fake-key"
    assert [one["met"] for one in graded["model"].criteria] == [True, True]
    assert evaluation.status(submitted) == "completed"


def test_an_equal_answer_is_graded_from_the_cache(start: Callable[..., Evaluation]) -> None:
    evaluation = start()
    evaluation.run(evaluation.submit(short_answer="Mitochondria make the energy."))

    again = evaluation.submit(short_answer="mitochondria make the energy")

    assert again.job is None
    assert [grade.source for grade in evaluation.grades(again)] == ["cache"]
    assert len(evaluation.model.requests) == 1


def test_an_answer_missing_from_the_reply_is_asked_again_alone(
    start: Callable[..., Evaluation],
) -> None:
    replies: list[GradingReply] = []

    def forget_once(request: ModelRequest[Any]) -> GradingReply:
        replies.append(judge(request))
        return GradingReply(answers=[]) if len(replies) == 1 else replies[-1]

    evaluation = start(answer=forget_once)

    submitted = evaluation.submit(short_answer="Mitochondria make the energy")
    evaluation.run(submitted)

    assert len(replies) == 2
    assert evaluation.status(submitted) == "completed"


def test_an_answer_that_the_model_refuses_stays_ungraded_with_the_reason(
    start: Callable[..., Evaluation],
) -> None:
    evaluation = start(answer=ReplyBlocked("SAFETY"))

    submitted = evaluation.submit(short_answer="Mitochondria make the energy", mcq=1)
    evaluation.run(submitted)

    assert submitted.job is not None
    assert evaluation.status(submitted) == "failed"
    assert [grade.source for grade in evaluation.grades(submitted)] == ["rule"]
    with evaluation.database.transaction() as session:
        assert session.get_one(Job, submitted.job.id).error_code == "answers_not_graded"


def test_a_batch_done_twice_grades_once(start: Callable[..., Evaluation]) -> None:
    evaluation = start()
    submitted = evaluation.submit(short_answer="Mitochondria make the energy")
    assert submitted.job is not None
    with evaluation.database.transaction() as session:
        lost = JobStore(session).claim(submitted.job.id, 1, timedelta(seconds=-1))
    evaluation.run(submitted)

    assert isinstance(lost, Claim)
    with pytest.raises(Exception, match=r"took this chunk over|has ended"):
        asyncio.run(evaluation.pipeline.grade(lost))

    with evaluation.database.transaction() as session:
        assert session.execute(select(func.count(Grade.id))).scalar_one() == 1


@pytest.mark.parametrize(
    ("answers", "field"),
    [
        ({"mcq": "b"}, "answers.0.answer"),
        ({"mcq": 9}, "answers.0.answer"),
        ({"true_false": 1}, "answers.0.answer"),
        ({"short_answer": True}, "answers.0.answer"),
    ],
)
def test_an_answer_of_the_wrong_form_is_refused_by_its_field(
    start: Callable[..., Evaluation], answers: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        start().submit(**answers)

    assert refusal.value.errors[0].field == field


def test_a_draft_of_somebody_else_is_not_found(start: Callable[..., Evaluation]) -> None:
    evaluation = start()
    with evaluation.database.transaction() as session:
        document = add_document(session, evaluation.teacher, (" ".join(SENTENCES),))
        evaluation.set_id = add_question_set(session, document).id

    with pytest.raises(NotFound):
        evaluation.submit(mcq=1)


def test_a_set_that_is_still_made_can_not_be_answered(start: Callable[..., Evaluation]) -> None:
    evaluation = start()
    evaluation.learner = evaluation.teacher
    with evaluation.database.transaction() as session:
        document = add_document(session, evaluation.teacher, (" ".join(SENTENCES),))
        evaluation.set_id = add_question_set(session, document, status="generating").id

    with pytest.raises(Conflict):
        evaluation.submit(mcq=1)
