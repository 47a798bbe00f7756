"""Appeals in PostgreSQL: what a fresh grading settles, and what it leaves to a teacher."""

import uuid
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from functions.evaluation.grade_cache import GradeCache
from functions.evaluation.grade_store import add_version, newest_grade
from functions.evaluation.ports import NewGrade, Ungraded
from functions.evaluation.reading import answers_to_grade
from functions.evaluation.rules.answers import Verdict
from shared.database.tables.evaluation import Answer, Appeal, Grade, Submission
from shared.database.tables.jobs import Job
from shared.jobs.model import ACTIVE

UNSETTLED = ("grading", "open")


def unsettled_appeal(session: Session, appeal_id: uuid.UUID) -> Appeal | None:
    """The appeal, locked, if its fresh grading is still wanted."""
    query = select(Appeal).where(Appeal.id == appeal_id, Appeal.status == "grading")
    return session.execute(query.with_for_update()).scalar_one_or_none()


def appeal_of_job(session: Session, job_id: uuid.UUID) -> Appeal | None:
    """The appeal whose fresh grading a job is."""
    return session.execute(select(Appeal).where(Appeal.job_id == job_id)).scalar_one_or_none()


def settle_fresh_grading(
    session: Session, cache: GradeCache, appeal: Appeal, fresh: NewGrade | Ungraded
) -> None:
    """Confirm the doubted grade if the fresh one gives the same points, else leave it to a teacher.

    A cached grade that is in doubt serves no further answer. An answer that had no grade gets the
    fresh one.
    """
    if isinstance(fresh, Ungraded):
        appeal.status, appeal.failure = "open", fresh.reason
        return
    appeal.fresh = grade_as_json(fresh)
    doubted = newest_grade(session, appeal.answer_id)
    if doubted is None:
        add_version(session, replace(fresh, provenance=_provenance(fresh, appeal)))
        complete_if_graded(session, appeal.answer_id)
        _settle(appeal, "accepted")
        return
    appeal.differs = round(doubted.score, 2) != round(fresh.score, 2)
    if not appeal.differs:
        _settle(appeal, "confirmed")
        return
    appeal.status = "open"
    answer = answers_to_grade(session, [appeal.answer_id])[0]
    cache.forget(answer, served_from=doubted.provenance.get("cache_key"))


def _settle(appeal: Appeal, status: str) -> None:
    appeal.status, appeal.decided_at = status, datetime.now(UTC)


def _provenance(fresh: NewGrade, appeal: Appeal) -> dict[str, Any]:
    return {**fresh.provenance, "appeal": str(appeal.id)}


def complete_if_graded(session: Session, answer_id: uuid.UUID) -> None:
    """A submission that failed for want of this answer's grade is completed by it."""
    answer = session.get_one(Answer, answer_id)
    submission = session.get_one(Submission, answer.submission_id)
    left = (
        select(Answer.id)
        .outerjoin(Grade, Grade.answer_id == Answer.id)
        .where(Answer.submission_id == submission.id, Grade.id.is_(None))
    )
    if submission.status == "failed" and session.execute(left.limit(1)).first() is None:
        submission.status, submission.completed_at = "completed", datetime.now(UTC)
        answer.ungraded_reason = None


def end_lost_appeals(session: Session, answer_id: uuid.UUID) -> None:
    """Appeals whose job ended before the fresh grading came are failed: the learner may try again.

    A job can be ended from outside, by its deadline or by being cancelled.
    """
    query = (
        select(Appeal)
        .outerjoin(Job, Job.id == Appeal.job_id)
        .where(
            Appeal.answer_id == answer_id,
            Appeal.status == "grading",
            Job.id.is_(None) | Job.status.not_in(ACTIVE),
        )
    )
    for appeal in session.execute(query).scalars():
        _settle(appeal, "failed")
        appeal.failure = "job_ended"
    session.flush()


def appeal_result(session: Session, appeal: Appeal) -> dict[str, Any]:
    """What a completed job says of its appeal."""
    answer = session.get_one(Answer, appeal.answer_id)
    return {
        "appeal_id": str(appeal.id),
        "submission_id": str(answer.submission_id),
        "question_id": str(answer.question_id),
        "status": appeal.status,
        "fresh_score": appeal.fresh["score"] if appeal.fresh else None,
    }


def grade_as_json(grade: NewGrade) -> dict[str, Any]:
    """A fresh grade as an appeal keeps it."""
    return {
        "score": grade.score,
        "max_score": grade.max_score,
        "verdict": grade.verdict.value,
        "feedback": grade.feedback,
        "criteria": list(grade.criteria),
        "source": grade.source,
        "provenance": dict(grade.provenance),
        "flags": list(grade.flags),
    }


def grade_from_json(answer_id: uuid.UUID, kept: dict[str, Any]) -> NewGrade:
    """The fresh grade that an appeal keeps."""
    return NewGrade(
        answer_id=answer_id,
        score=kept["score"],
        max_score=kept["max_score"],
        verdict=Verdict(kept["verdict"]),
        feedback=kept["feedback"],
        source=kept["source"],
        criteria=tuple(kept["criteria"]),
        provenance=kept["provenance"],
        flags=tuple(kept["flags"]),
    )
