"""Conversations as clients send and receive them."""

import uuid
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.database.tables.chat import ChatMessage, ChatSession


class NewChatSession(BaseModel):
    """A conversation to begin."""

    model_config = ConfigDict(extra="forbid")

    document_id: uuid.UUID


class ChatSessionInfo(BaseModel):
    """A conversation about a document."""

    id: uuid.UUID
    document_id: uuid.UUID
    title: Annotated[str, Field(examples=["Lecture 7: Metabolism"])]
    created_at: datetime

    @classmethod
    def of(cls, chat: ChatSession) -> "ChatSessionInfo":
        """The conversation as clients see it in a list."""
        return cls(
            id=chat.id, document_id=chat.document_id, title=chat.title, created_at=chat.created_at
        )


class CitationInfo(BaseModel):
    """Words of a page, exactly as they stand there.

    `transcribed` says that the model read the page from a picture: the words may hold its errors.
    """

    page: int
    quote: str
    transcribed: bool = False


class ChatMessageInfo(BaseModel):
    """One turn. A question and its answer share the client's `message_id`."""

    id: uuid.UUID
    message_id: str
    role: Literal["user", "assistant"]
    status: Literal["pending", "running", "done", "stopped", "failed"]
    text: str
    citations: list[CitationInfo]
    grounded: bool | None
    error_code: str | None
    created_at: datetime

    @classmethod
    def of(cls, message: ChatMessage) -> "ChatMessageInfo":
        """The message as clients see it."""
        return cls.model_validate(
            {
                "id": message.id,
                "message_id": message.client_message_id,
                "role": message.role,
                "status": message.status,
                "text": message.text,
                "citations": message.citations,
                "grounded": message.grounded,
                "error_code": message.error_code,
                "created_at": message.created_at,
            }
        )


class ChatSessionDetail(ChatSessionInfo):
    """A conversation and its newest messages, in order: at most a thousand, and two megabytes."""

    messages: list[ChatMessageInfo]

    @classmethod
    def with_messages(cls, chat: ChatSession, messages: list[ChatMessage]) -> "ChatSessionDetail":
        """The conversation as clients see it by itself."""
        return cls(
            **ChatSessionInfo.of(chat).model_dump(),
            messages=[ChatMessageInfo.of(message) for message in messages],
        )
