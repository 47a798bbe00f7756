"""Chat sessions and their messages in PostgreSQL, as the HTTP interface sees them."""

import uuid
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.database.tables.chat import ChatMessage, ChatSession
from shared.database.tables.documents import Document
from shared.errors import NotFound
from shared.pagination import PageRequest
from shared.usable_documents import require_text
from shared.web.answer_size import fitting

MOST_MESSAGES = 1_000


class ChatStore:
    """A user's conversations, within one database session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def create(self, user_id: uuid.UUID, document_id: uuid.UUID) -> ChatSession:
        """A conversation about a document that is ready and has text.

        Raises NotFound `document_not_found`, Conflict `document_not_ready` and `needs_ocr`.
        """
        document = self._session.execute(
            select(Document)
            .where(Document.id == document_id, Document.user_id == user_id)
            .with_for_update(read=True, key_share=True)
        ).scalar_one_or_none()
        if document is None:
            raise NotFound("There is no such document.", code="document_not_found")
        require_text(self._session, document)
        chat = ChatSession(
            user_id=user_id, document_id=document_id, title=document.title or document.filename
        )
        self._session.add(chat)
        self._session.flush()
        return chat

    def of_user(self, session_id: uuid.UUID, user_id: uuid.UUID) -> ChatSession:
        """A user's conversation. Raises NotFound for anybody else's."""
        chat = self._session.get(ChatSession, session_id)
        if chat is None or chat.user_id != user_id:
            raise NotFound("There is no such chat session.", code="chat_session_not_found")
        return chat

    def list_of_user(self, user_id: uuid.UUID, page: PageRequest) -> Sequence[ChatSession]:
        """The rows of one page of a user's conversations, newest first, and one more."""
        query = select(ChatSession).where(ChatSession.user_id == user_id)
        return self._session.execute(page.apply(query, ChatSession.id)).scalars().all()

    def messages(self, session_id: uuid.UUID) -> list[ChatMessage]:
        """The newest messages of a conversation that one answer holds, the oldest of them first."""
        rows = self._session.scalars(
            select(ChatMessage)
            .where(ChatMessage.session_id == session_id)
            .order_by(ChatMessage.id.desc())
            .limit(MOST_MESSAGES)
        )
        return fitting(rows, lambda row: [row.text, row.citations])[::-1]
