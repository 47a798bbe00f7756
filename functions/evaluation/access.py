"""Who may read a submission, and who may grade it."""

import uuid
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.database.tables.evaluation import Answer, Submission
from shared.database.tables.questions import Question, QuestionSet
from shared.errors import Forbidden, NotFound
from shared.sessions import Caller


@dataclass(frozen=True)
class AccessibleAnswer:
    """An answer that the caller may read, and what it is part of."""

    answer: Answer
    question: Question
    submission: Submission
    question_set: QuestionSet


def readable_submission(
    session: Session, caller: Caller, submission_id: uuid.UUID
) -> tuple[Submission, QuestionSet]:
    """A submission that is the caller's own, to a set of theirs, or any for a teacher.

    Raises NotFound for every other one.
    """
    found = session.execute(
        select(Submission, QuestionSet)
        .join(QuestionSet, QuestionSet.id == Submission.question_set_id)
        .where(Submission.id == submission_id)
    ).one_or_none()
    if found is None or not (found[0].user_id == caller.user_id or grades(caller, found[1])):
        raise NotFound("There is no such submission.", code="submission_not_found")
    return found[0], found[1]


def readable_answer(
    session: Session, caller: Caller, submission_id: uuid.UUID, question_id: uuid.UUID
) -> AccessibleAnswer:
    """An answer of a submission that the caller may read. Raises NotFound."""
    submission, question_set = readable_submission(session, caller, submission_id)
    found = session.execute(
        select(Answer, Question)
        .join(Question, Question.id == Answer.question_id)
        .where(Answer.submission_id == submission_id, Answer.question_id == question_id)
    ).one_or_none()
    if found is None:
        raise NotFound("There is no such answer.", code="answer_not_found")
    return AccessibleAnswer(found[0], found[1], submission, question_set)


def graded_set(session: Session, caller: Caller, question_set_id: uuid.UUID) -> QuestionSet:
    """A question set whose grades are the caller's to see.

    Raises NotFound for a set that the caller can't read, and Forbidden for one they only can read.
    """
    found = session.get(QuestionSet, question_set_id)
    if found is None or not (grades(caller, found) or found.status == "published"):
        raise NotFound("There is no such question set.", code="question_set_not_found")
    check_grades(caller, found)
    return found


def grades(caller: Caller, question_set: QuestionSet) -> bool:
    """Whether the caller sees and sets the grades of this set's learners."""
    return caller.is_teacher or question_set.user_id == caller.user_id


def check_grades(caller: Caller, question_set: QuestionSet) -> None:
    """Raises Forbidden unless the caller sees and sets the grades of this set's learners."""
    if not grades(caller, question_set):
        raise Forbidden("Only a teacher or the owner of the set may do this.", code="not_a_teacher")
