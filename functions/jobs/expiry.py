"""Removes what has outlived its use: uploads that never came, old answers, ended sessions.

Rows go in portions, so that no transaction holds many locks; the next sweep takes the next portion.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute

from shared.database.engine import Database
from shared.database.tables.documents import Document
from shared.database.tables.users import IdempotencyRecord, RefreshToken, Session

UPLOAD_LIFETIME = timedelta(hours=24)
ANSWER_LIFETIME = timedelta(hours=24)
ENDED_SESSION_LIFETIME = timedelta(days=30)
PORTION = 1000


class Expiry:
    """Each method takes one portion and returns its size."""

    def __init__(self, database: Database, refresh_token_seconds: int) -> None:
        self._database = database
        self._refresh_token_lifetime = timedelta(seconds=refresh_token_seconds)

    def reject_missing_uploads(self) -> int:
        """Reject documents whose file was never uploaded."""
        late = _some(
            Document.id,
            Document.status == "awaiting_upload",
            Document.created_at < _ago(UPLOAD_LIFETIME),
        )
        statement = (
            update(Document)
            .where(Document.id.in_(late))
            .values(
                status="rejected",
                error_code="upload_expired",
                error_message="The file was not uploaded within 24 hours.",
                finished_at=datetime.now(UTC),
            )
            .returning(Document.id)
        )
        return self._run(statement)

    def forget_answers(self) -> int:
        """Forget the answers that were kept for repeated calls."""
        old = _some(IdempotencyRecord.id, IdempotencyRecord.created_at < _ago(ANSWER_LIFETIME))
        statement = delete(IdempotencyRecord).where(IdempotencyRecord.id.in_(old))
        return self._run(statement.returning(IdempotencyRecord.id))

    def forget_sessions(self) -> int:
        """Forget sessions, with their tokens, that ended thirty days ago."""
        long_ago = _ago(ENDED_SESSION_LIFETIME)
        ended = _some(Session.id, or_(Session.expires_at < long_ago, Session.revoked_at < long_ago))
        statement = delete(Session).where(Session.id.in_(ended))
        return self._run(statement.returning(Session.id))

    def forget_tokens(self) -> int:
        """Forget refresh tokens that expired thirty days ago, also of sessions that live on.

        Until then a used one is kept, since its reuse ends the session.
        """
        lifetime = self._refresh_token_lifetime + ENDED_SESSION_LIFETIME
        old = _some(RefreshToken.id, RefreshToken.created_at < _ago(lifetime))
        statement = delete(RefreshToken).where(RefreshToken.id.in_(old))
        return self._run(statement.returning(RefreshToken.id))

    def _run(self, statement: Any) -> int:
        with self._database.transaction() as session:
            return len(session.execute(statement).all())


def _some(identifier: InstrumentedAttribute[Any], *conditions: ColumnElement[bool]) -> Any:
    return (
        select(identifier).where(*conditions).limit(PORTION).with_for_update(skip_locked=True)
    ).scalar_subquery()


def _ago(span: timedelta) -> datetime:
    return datetime.now(UTC) - span
