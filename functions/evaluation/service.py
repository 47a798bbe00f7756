"""What happens in the request when a learner hands answers in, and what they read afterwards."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from functions.evaluation.access import graded_set, readable_submission
from functions.evaluation.cache_keys import answer_canonical
from functions.evaluation.grade_cache import GradeCache
from functions.evaluation.grade_store import add_first_grades
from functions.evaluation.grading import grade_by_rule, zero_grade
from functions.evaluation.ports import AnswerToGrade, NewGrade
from functions.evaluation.reading import free_question, set_language
from functions.evaluation.rules.batching import FreeAnswer, plan_batches
from functions.evaluation.rules.suspicion import find_suspicions
from functions.evaluation.schemas import AnswerBody
from shared.database.tables.documents import Document
from shared.database.tables.evaluation import Answer, Grade, Submission
from shared.database.tables.jobs import Job
from shared.database.tables.questions import Question, QuestionSet
from shared.errors import Conflict, FieldError, Forbidden, InvalidRequest, NotFound
from shared.identifiers import new_id
from shared.jobs.model import ChunkPlan, JobKind
from shared.jobs.store import JobStore
from shared.pagination import PageRequest
from shared.sessions import Caller

LONGEST_ANSWER = 20_000


@dataclass(frozen=True)
class Submitted:
    """A submission as it was stored, and the job that grades the rest, if any is left."""

    submission: Submission
    answers: list[tuple[Answer, Question]]
    grades: dict[uuid.UUID, Grade]
    job: Job | None
    ordinals: tuple[int, ...]


@dataclass(frozen=True)
class _AskedSet:
    """A question set as it is answered now."""

    question_set: QuestionSet
    document_language: str | None
    questions: dict[uuid.UUID, Question]

    @property
    def language(self) -> str | None:
        return set_language(self.question_set, self.document_language)


class EvaluationService:
    """Submissions within one session, for one caller."""

    def __init__(
        self,
        session: Session,
        caller: Caller,
        cache: GradeCache,
        *,
        batch_size: int,
        deadline: timedelta,
        most_characters: int,
    ) -> None:
        self._session = session
        self._caller = caller
        self._cache = cache
        self._batch_size = batch_size
        self._deadline = deadline
        self._most_characters = most_characters

    def submit(self, question_set_id: uuid.UUID, answers: Sequence[AnswerBody]) -> Submitted:
        """Store answers, grade at once what needs no model, and plan batches for the rest.

        Raises NotFound, Conflict `question_set_not_ready` and InvalidRequest naming the answer
        that has no question, stands twice, has the wrong form or is too long.
        """
        asked = self._asked(question_set_id)
        self._check(answers, asked.questions)
        submission = Submission(
            id=new_id(),
            user_id=self._caller.user_id,
            question_set_id=asked.question_set.id,
            status="grading",
        )
        rows = [
            (_answer(submission, question, body, position), question)
            for position, body in enumerate(answers, start=1)
            for question in (asked.questions[body.question_id],)
        ]
        grades, free = _grade_at_once(asked, rows)
        known = self._cache.find(free)
        graded = {grade.answer_id for grade in known}
        left = [answer for answer in free if answer.id not in graded]
        if not left:
            submission.status, submission.completed_at = "completed", datetime.now(UTC)
        self._session.add(submission)
        self._session.flush()
        self._session.add_all([row for row, _ in rows])
        self._session.flush()
        stored = add_first_grades(self._session, [*grades, *known])
        suspicious = {row.id for row, _ in rows if row.flags}
        job, ordinals = self._plan(submission, left, suspicious)
        return Submitted(
            submission, rows, {grade.answer_id: grade for grade in stored}, job, ordinals
        )

    def _asked(self, question_set_id: uuid.UUID) -> _AskedSet:
        found = self._session.execute(
            select(QuestionSet, Document.language)
            .join(Document, Document.id == QuestionSet.document_id)
            .where(QuestionSet.id == question_set_id)
        ).first()
        own = found is not None and found[0].user_id == self._caller.user_id
        if found is None or not (own or found[0].status == "published"):
            raise NotFound("There is no such question set.", code="question_set_not_found")
        if found[0].status not in {"draft", "published"}:
            raise Conflict("The question set is not finished.", code="question_set_not_ready")
        query = select(Question).where(
            Question.question_set_id == question_set_id, Question.removed_at.is_(None)
        )
        questions = {row.id: row for row in self._session.execute(query).scalars()}
        return _AskedSet(found[0], found[1], questions)

    def _check(self, answers: Sequence[AnswerBody], questions: dict[uuid.UUID, Question]) -> None:
        errors: list[FieldError] = []
        seen: set[uuid.UUID] = set()
        characters = 0
        for number, body in enumerate(answers):
            question = questions.get(body.question_id)
            if question is None:
                errors.append(
                    FieldError(f"answers.{number}.question_id", "is not a question of this set")
                )
            elif body.question_id in seen:
                errors.append(FieldError(f"answers.{number}.question_id", "stands twice"))
            seen.add(body.question_id)
            if question is not None and question.type == "short_answer":
                _check_text(body.answer, f"answers.{number}.answer")
            characters += len(body.answer) if isinstance(body.answer, str) else 0
        if errors:
            told = "; ".join(f"{one.field} {one.message}" for one in errors[:3])
            raise InvalidRequest(told, errors=errors)
        if characters > self._most_characters:
            message = f"must have at most {self._most_characters} characters in all"
            raise InvalidRequest.field("answers", message, code="answers_too_long")

    def _plan(
        self,
        submission: Submission,
        left: Sequence[AnswerToGrade],
        suspicious: set[uuid.UUID],
    ) -> tuple[Job | None, tuple[int, ...]]:
        if not left:
            return None, ()
        ordinary = [one for one in left if one.id not in suspicious]
        apart = [one for one in left if one.id in suspicious]
        payloads = [*_batches(ordinary, self._batch_size), *_apart(apart, self._batch_size)]
        jobs = JobStore(self._session)
        job = jobs.create(JobKind.EVALUATION, self._caller.user_id, len(left), self._deadline)
        ordinals = range(1, len(payloads) + 1)
        jobs.add_chunks(job.id, map(ChunkPlan, ordinals, payloads))
        submission.job_id = job.id
        self._session.flush()
        return job, tuple(ordinals)

    def submission(self, submission_id: uuid.UUID) -> Submission:
        """A submission that the caller may read. Raises NotFound."""
        return readable_submission(self._session, self._caller, submission_id)[0]

    def submissions(
        self, page: PageRequest, question_set_id: uuid.UUID | None
    ) -> Sequence[Submission]:
        """The caller's submissions, or those of all learners to a set of theirs, newest first.

        Raises NotFound for a set that the caller can't read. To a set of somebody else, which they
        have answered, a caller sees their own submissions.
        """
        query = select(Submission)
        if question_set_id is None or not self._grades(question_set_id):
            query = query.where(Submission.user_id == self._caller.user_id)
        if question_set_id is not None:
            query = query.where(Submission.question_set_id == question_set_id)
        return self._session.execute(page.apply(query, Submission.id)).scalars().all()

    def _grades(self, question_set_id: uuid.UUID) -> bool:
        try:
            graded_set(self._session, self._caller, question_set_id)
        except Forbidden:
            return False
        return True


def _grade_at_once(
    asked: _AskedSet, rows: Sequence[tuple[Answer, Question]]
) -> tuple[list[NewGrade], list[AnswerToGrade]]:
    """What rules say, and the free answers that they leave."""
    grades: list[NewGrade] = []
    free: list[AnswerToGrade] = []
    for number, (row, question) in enumerate(rows):
        if question.type != "short_answer":
            field = f"answers.{number}.answer"
            grades.append(grade_by_rule(row.id, question, row.answer, asked.language, field))
            continue
        text = row.answer if isinstance(row.answer, str) else None
        to_grade = free_question(question, asked.question_set, asked.document_language)
        zero = zero_grade(row.id, to_grade, text)
        if zero is not None:
            grades.append(zero)
        else:
            free.append(AnswerToGrade(row.id, to_grade, str(text)))
    return grades, free


def _answer(submission: Submission, question: Question, body: AnswerBody, position: int) -> Answer:
    worth = sum(one["points"] for one in question.rubric)
    return Answer(
        id=new_id(),
        submission_id=submission.id,
        question_id=question.id,
        question_version=question.version,
        position=position,
        answer=body.answer,
        max_score=round(worth, 2) if question.type == "short_answer" else 1.0,
        flags=_flags(question, body.answer),
    )


def _batches(answers: Sequence[AnswerToGrade], size: int) -> list[dict[str, Any]]:
    plan = plan_batches(
        [FreeAnswer(str(one.id), str(one.question.id), answer_canonical(one)) for one in answers],
        size,
    )
    return [
        {
            "answers": [one.id for one in batch],
            "copies": {one.id: list(plan.copies[one.id]) for one in batch if one.id in plan.copies},
        }
        for batch in plan.batches
    ]


def _apart(answers: Sequence[AnswerToGrade], size: int) -> list[dict[str, Any]]:
    """A suspicious answer never shares a request: it could move its neighbours' grades."""
    ids = [str(one.id) for one in answers]
    return [
        {"answers": ids[start : start + size], "copies": {}, "alone": True}
        for start in range(0, len(ids), size)
    ]


def _check_text(answer: Any, field: str) -> None:
    if answer is not None and not isinstance(answer, str):
        raise InvalidRequest.field(field, "must be a string or null", code="invalid_answer")
    if answer is not None and len(answer) > LONGEST_ANSWER:
        message = f"must have at most {LONGEST_ANSWER} characters"
        raise InvalidRequest.field(field, message, code="invalid_answer")


def _flags(question: Question, answer: Any) -> list[str]:
    if question.type != "short_answer" or not isinstance(answer, str):
        return []
    criteria = [str(one["criterion"]) for one in question.rubric]
    return [suspicion.value for suspicion in find_suspicions(answer, criteria)]
