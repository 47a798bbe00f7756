"""A learner's answers as handed in: checked against the set's questions, graded by rule."""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from functions.evaluation.grading import grade_by_rule, zero_grade
from functions.evaluation.ports import AnswerToGrade, NewGrade
from functions.evaluation.reading import free_question, set_language
from functions.evaluation.rules.suspicion import find_suspicions
from functions.evaluation.schemas import AnswerBody
from shared.database.tables.documents import Document
from shared.database.tables.evaluation import Answer, Submission
from shared.database.tables.questions import Question, QuestionSet
from shared.errors import Conflict, FieldError, InvalidRequest, NotFound
from shared.identifiers import new_id
from shared.sessions import Caller

LONGEST_ANSWER = 20_000
MOST_ERRORS_TOLD = 100


@dataclass(frozen=True)
class AskedSet:
    """A question set as it is answered now."""

    question_set: QuestionSet
    document_language: str | None
    questions: dict[uuid.UUID, Question]

    @property
    def language(self) -> str | None:
        """The language the questions are in."""
        return set_language(self.question_set, self.document_language)


@dataclass(frozen=True)
class Sheet:
    """What one learner answered; `path` is where that stands in the request, for errors."""

    answers: Sequence[AnswerBody]
    learner: str | None = None
    path: str = ""
    learner_key: str | None = None

    def field(self, name: str) -> str:
        """The dotted path of a field of this sheet."""
        return f"{self.path}{name}"


@dataclass(frozen=True)
class MarkedSheet:
    """A sheet as rows, with what rules say of it and the free answers that they leave."""

    submission: Submission
    answers: list[tuple[Answer, Question]]
    grades: list[NewGrade]
    free: list[AnswerToGrade]

    @property
    def suspicious(self) -> set[uuid.UUID]:
        """The answers that look as if they spoke to their grader."""
        return {row.id for row, _ in self.answers if row.flags}


def asked_set(session: Session, caller: Caller, question_set_id: uuid.UUID) -> AskedSet:
    """The set that the caller may answer, with its questions.

    The set is held until the transaction ends, as storing a submission holds it anyway: an edit
    comes before or after the whole submission. Raises NotFound and Conflict
    `question_set_not_ready`.
    """
    found = session.execute(
        select(QuestionSet, Document.language)
        .join(Document, Document.id == QuestionSet.document_id)
        .where(QuestionSet.id == question_set_id)
        .with_for_update(read=True, key_share=True, of=QuestionSet)
        .execution_options(populate_existing=True)
    ).first()
    own = found is not None and found[0].user_id == caller.user_id
    if found is None or not (own or found[0].status == "published"):
        raise NotFound("There is no such question set.", code="question_set_not_found")
    if found[0].status not in {"draft", "published"}:
        raise Conflict("The question set is not finished.", code="question_set_not_ready")
    query = select(Question).where(
        Question.question_set_id == question_set_id, Question.removed_at.is_(None)
    )
    questions = {row.id: row for row in session.execute(query).scalars()}
    return AskedSet(found[0], found[1], questions)


def mark_all(
    asked: AskedSet, sheets: Sequence[Sheet], user_id: uuid.UUID, most_characters: int
) -> list[MarkedSheet]:
    """Every sheet marked. Raises InvalidRequest naming what is wrong in any of them."""
    marked: list[MarkedSheet] = []
    refused: list[InvalidRequest] = []
    for sheet in sheets:
        try:
            marked.append(mark(asked, sheet, user_id, most_characters))
        except InvalidRequest as error:
            refused.append(error)
    if refused:
        raise _together(refused)
    return marked


def mark(asked: AskedSet, sheet: Sheet, user_id: uuid.UUID, most_characters: int) -> MarkedSheet:
    """The sheet as rows, graded by rule as far as rules go.

    Raises InvalidRequest naming the answer that has no question, stands twice, has the wrong form
    or is too long.
    """
    _check_questions(sheet, asked.questions)
    _check_length(sheet, most_characters)
    submission = Submission(
        id=new_id(),
        user_id=user_id,
        question_set_id=asked.question_set.id,
        learner=sheet.learner,
        learner_key=sheet.learner_key,
        status="grading",
        created_at=datetime.now(UTC),
    )
    rows = [
        (_answer(submission, question, body, position), question)
        for position, body in enumerate(sheet.answers, start=1)
        for question in (asked.questions[body.question_id],)
    ]
    grades, free = _grade_at_once(asked, sheet, rows)
    return MarkedSheet(submission, rows, grades, free)


def _check_questions(sheet: Sheet, questions: Mapping[uuid.UUID, Question]) -> None:
    errors = list(_wrong_questions(sheet, questions))
    if errors:
        raise InvalidRequest(_told(errors), errors=errors)


def _wrong_questions(sheet: Sheet, questions: Mapping[uuid.UUID, Question]) -> Iterator[FieldError]:
    seen: set[uuid.UUID] = set()
    for number, body in enumerate(sheet.answers):
        field = sheet.field(f"answers.{number}.question_id")
        if body.question_id not in questions:
            yield FieldError(field, "is not a question of this set")
        elif body.question_id in seen:
            yield FieldError(field, "stands twice")
        seen.add(body.question_id)


def _check_length(sheet: Sheet, most_characters: int) -> None:
    texts = (body.answer for body in sheet.answers if isinstance(body.answer, str))
    if sum(map(len, texts)) > most_characters:
        message = f"must have at most {most_characters} characters in all"
        raise InvalidRequest.field(sheet.field("answers"), message, code="answers_too_long")


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


def _flags(question: Question, answer: Any) -> list[str]:
    if question.type != "short_answer" or not isinstance(answer, str):
        return []
    criteria = [str(one["criterion"]) for one in question.rubric]
    return [suspicion.value for suspicion in find_suspicions(answer, criteria)]


def _grade_at_once(
    asked: AskedSet, sheet: Sheet, rows: Sequence[tuple[Answer, Question]]
) -> tuple[list[NewGrade], list[AnswerToGrade]]:
    """What rules say, and the free answers that they leave."""
    grades: list[NewGrade] = []
    free: list[AnswerToGrade] = []
    refused: list[InvalidRequest] = []
    for number, (row, question) in enumerate(rows):
        field = sheet.field(f"answers.{number}.answer")
        try:
            graded = _by_rule(asked, row, question, field)
        except InvalidRequest as error:
            refused.append(error)
            continue
        if isinstance(graded, NewGrade):
            grades.append(graded)
        else:
            free.append(graded)
    if refused:
        raise _together(refused)
    return grades, free


def _by_rule(
    asked: AskedSet, row: Answer, question: Question, field: str
) -> NewGrade | AnswerToGrade:
    """The grade that a rule gives, or the free answer that a model must judge."""
    if question.type != "short_answer":
        return grade_by_rule(row.id, question, row.answer, asked.language, field)
    text = _checked_text(row.answer, field)
    to_grade = free_question(question, asked.question_set, asked.document_language)
    return zero_grade(row.id, to_grade, text) or AnswerToGrade(row.id, to_grade, text or "")


def _checked_text(answer: Any, field: str) -> str | None:
    if answer is not None and not isinstance(answer, str):
        raise InvalidRequest.field(field, "must be a string or null", code="invalid_answer")
    if answer is not None and len(answer) > LONGEST_ANSWER:
        message = f"must have at most {LONGEST_ANSWER} characters"
        raise InvalidRequest.field(field, message, code="invalid_answer")
    return answer


def _together(refused: Sequence[InvalidRequest]) -> InvalidRequest:
    """One refusal that names the fields of all, as far as an answer holds them."""
    errors = [error for one in refused for error in one.errors]
    return InvalidRequest(_told(errors), code=refused[0].code, errors=errors[:MOST_ERRORS_TOLD])


def _told(errors: Sequence[FieldError]) -> str:
    more = f"; and {len(errors) - 3} more" if len(errors) > 3 else ""
    return "; ".join(f"{one.field} {one.message}" for one in errors[:3]) + more
