"""What happens in the request when a learner hands answers in, and what they read afterwards."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from functions.evaluation.cache_keys import answer_canonical, answer_key
from functions.evaluation.grading import cached_grade, grade_by_rule, zero_grade
from functions.evaluation.ports import AnswerToGrade, NewGrade
from functions.evaluation.rules.batching import BatchPlan, FreeAnswer, plan_batches
from functions.evaluation.rules.suspicion import find_suspicions
from functions.evaluation.schemas import AnswerBody
from functions.evaluation.store import add_grades, free_question
from shared.database.tables.documents import Document
from shared.database.tables.evaluation import Answer, CachedGrade, Submission
from shared.database.tables.jobs import Job
from shared.database.tables.questions import Question, QuestionSet
from shared.errors import Conflict, FieldError, InvalidRequest, NotFound
from shared.identifiers import new_id
from shared.jobs.model import ChunkPlan, JobKind
from shared.jobs.store import JobStore
from shared.sessions import Caller

LONGEST_ANSWER = 20_000


@dataclass(frozen=True)
class Submitted:
    """A submission as it was stored, and the job that grades the rest, if any is left."""

    submission: Submission
    job: Job | None
    ordinals: tuple[int, ...]


class EvaluationService:
    """Submissions within one session, for one caller."""

    def __init__(
        self,
        session: Session,
        caller: Caller,
        *,
        model: str,
        batch_size: int,
        deadline: timedelta,
    ) -> None:
        self._session = session
        self._caller = caller
        self._model = model
        self._batch_size = batch_size
        self._deadline = deadline

    def submit(self, question_set_id: uuid.UUID, answers: Sequence[AnswerBody]) -> Submitted:
        """Store answers, grade at once what needs no model, and plan batches for the rest.

        Raises NotFound, Conflict `question_set_not_ready` and InvalidRequest naming the answer
        that has no question, stands twice or has the wrong form.
        """
        question_set, language = self._question_set(question_set_id)
        questions = self._questions(question_set.id)
        _check(answers, questions)
        submission = Submission(
            id=new_id(),
            user_id=self._caller.user_id,
            question_set_id=question_set.id,
            status="grading",
        )
        self._session.add(submission)
        self._session.flush()
        grades: list[NewGrade] = []
        free: list[AnswerToGrade] = []
        for number, body in enumerate(answers):
            question = questions[body.question_id]
            row = self._answer(submission, question, body, number + 1)
            field = f"answers.{number}.answer"
            if question.type != "short_answer":
                grades.append(grade_by_rule(row.id, question, body.answer, language, field))
                continue
            text = _free_text(body.answer, field)
            asked = free_question(question, language)
            zero = zero_grade(row.id, asked, text)
            if zero is not None:
                grades.append(zero)
            else:
                free.append(AnswerToGrade(row.id, asked, str(text)))
        self._session.flush()
        known, left = self._from_cache(free)
        add_grades(self._session, [*grades, *known])
        return self._plan(submission, left)

    def _question_set(self, question_set_id: uuid.UUID) -> tuple[QuestionSet, str | None]:
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
        return found[0], found[1]

    def _questions(self, question_set_id: uuid.UUID) -> dict[uuid.UUID, Question]:
        query = select(Question).where(
            Question.question_set_id == question_set_id, Question.removed_at.is_(None)
        )
        return {row.id: row for row in self._session.execute(query).scalars()}

    def _answer(
        self, submission: Submission, question: Question, body: AnswerBody, position: int
    ) -> Answer:
        worth = sum(one["points"] for one in question.rubric)
        row = Answer(
            id=new_id(),
            submission_id=submission.id,
            question_id=question.id,
            question_version=question.version,
            position=position,
            answer=body.answer,
            max_score=round(worth, 2) if question.type == "short_answer" else 1.0,
            flags=_flags(question, body.answer),
        )
        self._session.add(row)
        return row

    def _from_cache(
        self, free: Sequence[AnswerToGrade]
    ) -> tuple[list[NewGrade], list[AnswerToGrade]]:
        keys = {answer.id: self._key(answer) for answer in free}
        rows = self._session.execute(
            update(CachedGrade)
            .where(CachedGrade.key.in_(keys.values()))
            .values(hits=CachedGrade.hits + 1)
            .returning(CachedGrade)
        ).scalars()
        cached = {row.key: row for row in rows}
        known = [
            cached_grade(answer.id, cached[keys[answer.id]])
            for answer in free
            if keys[answer.id] in cached
        ]
        return known, [answer for answer in free if keys[answer.id] not in cached]

    def _key(self, answer: AnswerToGrade) -> str:
        return answer_key(answer, self._model)

    def _plan(self, submission: Submission, left: Sequence[AnswerToGrade]) -> Submitted:
        if not left:
            submission.status = "completed"
            submission.completed_at = datetime.now(UTC)
            return Submitted(submission, None, ())
        plan = plan_batches(
            [FreeAnswer(str(one.id), str(one.question.id), answer_canonical(one)) for one in left],
            self._batch_size,
        )
        jobs = JobStore(self._session)
        job = jobs.create(JobKind.EVALUATION, self._caller.user_id, len(left), self._deadline)
        jobs.add_chunks(job.id, _chunks(plan))
        submission.job_id = job.id
        self._session.flush()
        return Submitted(submission, job, tuple(range(1, len(plan.batches) + 1)))

    def submission(self, submission_id: uuid.UUID) -> Submission:
        """A submission that the caller may read: an own one, or one to an own question set."""
        found = self._session.get(Submission, submission_id)
        if found is not None and found.user_id != self._caller.user_id:
            owner = self._session.get(QuestionSet, found.question_set_id)
            if owner is None or owner.user_id != self._caller.user_id:
                found = None
        if found is None:
            raise NotFound("There is no such submission.", code="submission_not_found")
        return found


def _chunks(plan: BatchPlan) -> list[ChunkPlan]:
    return [
        ChunkPlan(
            ordinal,
            {
                "answers": [one.id for one in batch],
                "copies": {
                    one.id: list(plan.copies[one.id]) for one in batch if one.id in plan.copies
                },
            },
        )
        for ordinal, batch in enumerate(plan.batches, start=1)
    ]


def _check(answers: Sequence[AnswerBody], questions: dict[uuid.UUID, Question]) -> None:
    errors: list[FieldError] = []
    seen: set[uuid.UUID] = set()
    for number, body in enumerate(answers):
        field = f"answers.{number}.question_id"
        if body.question_id not in questions:
            errors.append(FieldError(field, "is not a question of this set"))
        elif body.question_id in seen:
            errors.append(FieldError(field, "stands twice"))
        seen.add(body.question_id)
    if errors:
        raise InvalidRequest("; ".join(f"{e.field} {e.message}" for e in errors[:3]), errors=errors)


def _free_text(answer: Any, field: str) -> str | None:
    if answer is not None and not isinstance(answer, str):
        raise InvalidRequest.field(field, "must be a string or null", code="invalid_answer")
    if answer is not None and len(answer) > LONGEST_ANSWER:
        message = f"must have at most {LONGEST_ANSWER} characters"
        raise InvalidRequest.field(field, message, code="invalid_answer")
    return answer


def _flags(question: Question, answer: Any) -> list[str]:
    if question.type != "short_answer" or not isinstance(answer, str):
        return []
    criteria = [str(one["criterion"]) for one in question.rubric]
    return [suspicion.value for suspicion in find_suspicions(answer, criteria)]
