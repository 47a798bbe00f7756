"""An evaluation in PostgreSQL: answers, grades and the grades' cache in one transaction."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Select, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from functions.evaluation.ports import (
    AnswerToGrade,
    FreeQuestion,
    NewGrade,
    RubricCriterion,
    Ungraded,
)
from shared.database.tables.documents import Document
from shared.database.tables.evaluation import Answer, CachedGrade, Grade, Submission
from shared.database.tables.jobs import JobChunk
from shared.database.tables.questions import Question, QuestionSet
from shared.identifiers import new_id
from shared.jobs.model import Claim
from shared.jobs.store import JobStore


class PostgresEvaluationStore:
    """The pipeline's store within one session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._jobs = JobStore(session)

    def start(self, job_id: uuid.UUID) -> None:
        """Mark the job as running."""
        self._jobs.start(job_id)

    def answers(self, answer_ids: Sequence[uuid.UUID]) -> list[AnswerToGrade]:
        """The answers, in the order of their ids."""
        query: Select[Answer, Question, str | None] = (
            select(Answer, Question, Document.language)
            .join(Question, Question.id == Answer.question_id)
            .join(QuestionSet, QuestionSet.id == Question.question_set_id)
            .join(Document, Document.id == QuestionSet.document_id)
            .where(Answer.id.in_(answer_ids))
            .order_by(Answer.id)
        )
        return [
            AnswerToGrade(answer.id, free_question(question, language), str(answer.answer))
            for answer, question, language in self._session.execute(query)
        ]

    def store_batch(
        self,
        claim: Claim,
        grades: Sequence[NewGrade],
        ungraded: Sequence[Ungraded],
        cache_keys: Mapping[uuid.UUID, str],
    ) -> None:
        """Store the grades, mark the chunk done and tell it, all in this transaction."""
        told = {"graded": len(grades), "ungraded": {str(o.answer_id): o.reason for o in ungraded}}
        job = self._jobs.finish_chunk(claim, told)
        add_grades(self._session, grades)
        self._mark_ungraded(ungraded)
        for grade in grades:
            if grade.answer_id in cache_keys:
                self._remember(grade, cache_keys[grade.answer_id])
        views = self._grade_views([grade.answer_id for grade in grades])
        self._jobs.progress(job, job.done + len(grades) + len(ungraded), {"grades": views})

    def _mark_ungraded(self, ungraded: Sequence[Ungraded]) -> None:
        for one in ungraded:
            self._session.execute(
                update(Answer).where(Answer.id == one.answer_id).values(ungraded_reason=one.reason)
            )

    def _remember(self, grade: NewGrade, key: str) -> None:
        question_id = select(Answer.question_id).where(Answer.id == grade.answer_id)
        self._session.execute(
            insert(CachedGrade)
            .values(
                key=key,
                question_id=question_id.scalar_subquery(),
                score=grade.score,
                max_score=grade.max_score,
                verdict=grade.verdict.value,
                feedback=grade.feedback,
                criteria=list(grade.criteria),
                provenance=dict(grade.provenance),
                hits=0,
            )
            .on_conflict_do_nothing()
        )

    def _grade_views(self, answer_ids: Sequence[uuid.UUID]) -> list[dict[str, Any]]:
        query = (
            select(Answer.question_id, Grade)
            .join(Grade, Grade.answer_id == Answer.id)
            .where(Answer.id.in_(answer_ids))
            .order_by(Answer.position)
        )
        return [
            {
                "question_id": str(question_id),
                "score": grade.score,
                "max_score": grade.max_score,
                "verdict": grade.verdict,
                "feedback": grade.feedback,
                "source": grade.source,
            }
            for question_id, grade in self._session.execute(query)
        ]

    def complete(self, job_id: uuid.UUID) -> None:
        """End the job and its submission.

        Both end well if every answer has a grade; otherwise they fail with `answers_not_graded`,
        and the grades that were given stay.
        """
        job = self._jobs.lock_active(job_id)
        submission = self._submission(job_id)
        open_answers = self._session.execute(
            select(func.count())
            .select_from(Answer)
            .outerjoin(Grade, Grade.answer_id == Answer.id)
            .where(Answer.submission_id == submission.id, Grade.id.is_(None))
        ).scalar_one()
        submission.completed_at = datetime.now(UTC)
        if open_answers:
            submission.status = "failed"
            reasons = self._reasons(job_id)
            message = f"{open_answers} answers could not be graded: {reasons}."
            self._jobs.fail(job.id, "answers_not_graded", message)
            return
        submission.status = "completed"
        self._jobs.complete(job.id, submission_result(self._session, submission.id))

    def _reasons(self, job_id: uuid.UUID) -> str:
        chunks = self._session.execute(
            select(JobChunk.error_code, JobChunk.result).where(JobChunk.job_id == job_id)
        )
        reasons = set()
        for code, result in chunks:
            reasons |= {code} if code else set((result or {}).get("ungraded", {}).values())
        return ", ".join(sorted(reasons)) or "unfinished"

    def fail(self, job_id: uuid.UUID, code: str, message: str) -> bool:
        """End the job and its submission badly."""
        failed = self._jobs.fail(job_id, code, message)
        if failed:
            submission = self._submission(job_id)
            submission.status, submission.completed_at = "failed", datetime.now(UTC)
        return failed

    def _submission(self, job_id: uuid.UUID) -> Submission:
        return self._session.execute(
            select(Submission).where(Submission.job_id == job_id)
        ).scalar_one()


def free_question(question: Question, language: str | None) -> FreeQuestion:
    """A short-answer question as the grader needs it."""
    return FreeQuestion(
        id=question.id,
        version=question.version,
        stem=question.stem,
        reference_answer=str(question.answer),
        rubric=tuple(
            RubricCriterion(one["id"], one["criterion"], float(one["points"]))
            for one in question.rubric
        ),
        source_page=question.source_page,
        source_quote=question.source_quote,
        language=language,
    )


def add_grades(session: Session, grades: Sequence[NewGrade]) -> None:
    """Store first grades; an answer that has one keeps it."""
    for grade in grades:
        session.execute(
            insert(Grade)
            .values(
                id=new_id(),
                answer_id=grade.answer_id,
                version=1,
                score=grade.score,
                max_score=grade.max_score,
                verdict=grade.verdict.value,
                feedback=grade.feedback,
                criteria=list(grade.criteria),
                source=grade.source,
                provenance=dict(grade.provenance),
            )
            .on_conflict_do_nothing()
        )
        if grade.flags:
            session.execute(
                update(Answer).where(Answer.id == grade.answer_id).values(flags=list(grade.flags))
            )


def answered_questions(session: Session, submission_id: uuid.UUID) -> list[tuple[Answer, Question]]:
    """A submission's answers with their questions, in the order they were handed in."""
    query = (
        select(Answer, Question)
        .join(Question, Question.id == Answer.question_id)
        .where(Answer.submission_id == submission_id)
        .order_by(Answer.position)
    )
    return [(answer, question) for answer, question in session.execute(query)]


def grades_in_force(session: Session, submission_id: uuid.UUID) -> dict[uuid.UUID, Grade]:
    """For each graded answer of a submission its newest grade."""
    query = (
        select(Grade)
        .join(Answer, Answer.id == Grade.answer_id)
        .where(Answer.submission_id == submission_id)
        .order_by(Grade.answer_id, Grade.version)
    )
    return {grade.answer_id: grade for grade in session.execute(query).scalars()}


def submission_result(session: Session, submission_id: uuid.UUID) -> dict[str, Any]:
    """What a completed job says of its submission."""
    grades = grades_in_force(session, submission_id).values()
    return {
        "submission_id": str(submission_id),
        "score": round(sum(grade.score for grade in grades), 2),
        "max_score": round(sum(grade.max_score for grade in grades), 2),
        "graded": len(grades),
    }
