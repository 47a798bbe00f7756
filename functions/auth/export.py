"""All that is a user's own, as one JSON document (GDPR, articles 15 and 20)."""

import gzip
import uuid
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from fastapi import Response
from pydantic import BaseModel
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from functions.auth.ports import Account
from functions.auth.schemas import UserInfo
from shared.database.tables.base import Base
from shared.database.tables.chat import ChatMessage, ChatSession
from shared.database.tables.documents import Document
from shared.database.tables.evaluation import Answer, Appeal, Grade, Submission
from shared.database.tables.jobs import Job
from shared.database.tables.questions import Question, QuestionSet
from shared.database.tables.users import Session as SessionRow
from shared.errors import PayloadTooLarge

Record = dict[str, Any]

_COMPRESSED_FROM = 1_000_000
_LARGEST_TEXT = 5_000_000  # it is escaped once more on its way out
_LARGEST_BINARY = 4_300_000  # Base64 makes 5.7 MB of it
_INTERNAL = {"user_id", "object_key", "cache_key", "lease_until", "last_seq", "decided_by"}


class PersonalExport(BaseModel):
    """Everything but the pages' text, which `GET /api/documents/{id}/pages/{number}` gives."""

    exported_at: datetime
    user: UserInfo
    sessions: list[Record]
    documents: list[Record]
    question_sets: list[Record]
    submissions: list[Record]
    chats: list[Record]
    jobs: list[Record]


def export_of(session: Session, account: Account) -> PersonalExport:
    """Collect what `account` has, as of this transaction."""
    return PersonalExport(
        exported_at=datetime.now(UTC),
        user=UserInfo.of(account),
        sessions=_records(session, SessionRow, SessionRow.user_id == account.id),
        documents=_records(session, Document, Document.user_id == account.id),
        question_sets=_question_sets(session, account.id),
        submissions=_submissions(session, account.id),
        chats=_chats(session, account.id),
        jobs=_records(session, Job, Job.user_id == account.id),
    )


def attachment(export: PersonalExport, accept_encoding: str) -> Response:
    """The export as a file; a large one is compressed.

    Raises PayloadTooLarge `export_too_large` past what a Lambda function can answer (6 MB).
    """
    content = export.model_dump_json().encode()
    headers = {"Content-Disposition": 'attachment; filename="learning-app-export.json"'}
    if len(content) > _COMPRESSED_FROM and "gzip" in accept_encoding:
        content = gzip.compress(content)
        headers["Content-Encoding"] = "gzip"
    if len(content) > (_LARGEST_BINARY if "Content-Encoding" in headers else _LARGEST_TEXT):
        raise PayloadTooLarge(
            "The export is too large for one answer. Ask with `Accept-Encoding: gzip`.",
            code="export_too_large",
        )
    return Response(content, media_type="application/json", headers=headers)


def _question_sets(session: Session, user_id: uuid.UUID) -> list[Record]:
    sets = _records(session, QuestionSet, QuestionSet.user_id == user_id)
    mine = select(QuestionSet.id).where(QuestionSet.user_id == user_id)
    questions = _records(session, Question, Question.question_set_id.in_(mine))
    return _nested(sets, "questions", questions, "question_set_id")


def _submissions(session: Session, user_id: uuid.UUID) -> list[Record]:
    submissions = _records(session, Submission, Submission.user_id == user_id)
    mine = select(Submission.id).where(Submission.user_id == user_id)
    answers = _records(session, Answer, Answer.submission_id.in_(mine))
    given = select(Answer.id).where(Answer.submission_id.in_(mine))
    grades = _records(session, Grade, Grade.answer_id.in_(given))
    appeals = _records(session, Appeal, Appeal.answer_id.in_(given))
    answers = _nested(answers, "grades", _disclosed(session, grades), "answer_id")
    answers = _nested(answers, "appeals", appeals, "answer_id")
    return _nested(submissions, "answers", answers, "submission_id")


def _disclosed(session: Session, grades: list[Record]) -> list[Record]:
    """Grades without what explains a key, where the submission isn't completed: as it is shown."""
    unfinished = (
        select(Answer.id)
        .join(Submission, Submission.id == Answer.submission_id)
        .where(Submission.status != "completed")
        .where(Answer.id.in_([grade["answer_id"] for grade in grades]))
    )
    open_answers = set(session.execute(unfinished).scalars())
    hidden: Record = {"feedback": None, "criteria": None}
    return [
        {**grade, **hidden} if grade["answer_id"] in open_answers else grade for grade in grades
    ]


def _chats(session: Session, user_id: uuid.UUID) -> list[Record]:
    chats = _records(session, ChatSession, ChatSession.user_id == user_id)
    mine = select(ChatSession.id).where(ChatSession.user_id == user_id)
    messages = _records(session, ChatMessage, ChatMessage.session_id.in_(mine))
    return _nested(chats, "messages", messages, "session_id")


def _records(session: Session, table: type[Base], mine: ColumnElement[bool]) -> list[Record]:
    """Whole rows, oldest first, so that a column added later is exported without a change here."""
    columns = [column for column in table.__table__.columns if column.name not in _INTERNAL]
    rows = session.execute(select(*columns).where(mine).order_by(table.__table__.columns["id"]))
    return [dict(row) for row in rows.mappings()]


def _nested(
    parents: Iterable[Record], name: str, children: Iterable[Record], reference: str
) -> list[Record]:
    """`parents`, each with the `children` that refer to it."""
    of_parent: dict[uuid.UUID, list[Record]] = defaultdict(list)
    for child in children:
        of_parent[child.pop(reference)].append(child)
    return [{**parent, name: of_parent[parent["id"]]} for parent in parents]
