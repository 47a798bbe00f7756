"""How the socket tells the chat worker what a learner wants: a message to answer, or to stop."""

import json
import uuid
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol, cast

from redis import Redis

from shared.cache.client import get_cache
from shared.config import get_settings
from shared.jobs.clients import get_queue_client

STOP_SECONDS = 600


@dataclass(frozen=True)
class ChatRequest:
    """A learner's message as it goes over the queue. `message_id` is the client's own.

    `sent_at` is when API Gateway received it, in milliseconds since 1970.
    """

    connection_id: str
    user_id: uuid.UUID
    session_id: uuid.UUID
    message_id: str
    text: str
    sent_at: int

    def body(self) -> str:
        """The body of its SQS message."""
        return json.dumps(
            {
                "connection_id": self.connection_id,
                "user_id": str(self.user_id),
                "session_id": str(self.session_id),
                "message_id": self.message_id,
                "text": self.text,
                "sent_at": self.sent_at,
            }
        )

    @classmethod
    def read(cls, body: str) -> "ChatRequest":
        """The request in an SQS message's body. Raises ValueError or KeyError if it is none."""
        fields = json.loads(body)
        return cls(
            connection_id=str(fields["connection_id"]),
            user_id=uuid.UUID(fields["user_id"]),
            session_id=uuid.UUID(fields["session_id"]),
            message_id=str(fields["message_id"]),
            text=str(fields["text"]),
            # During a deployment the sockets may be older than the worker and not say it.
            sent_at=int(fields.get("sent_at", 0)),
        )


class ChatQueue(Protocol):
    """Takes messages that the chat worker is to answer."""

    def put(self, request: ChatRequest) -> None: ...


class SqsChatQueue:
    """The chat worker's queue at one address."""

    def __init__(self, url: str) -> None:
        self._url = url

    def put(self, request: ChatRequest) -> None:
        """Hand the request on. Users share the queue fairly by their message group."""
        get_queue_client().send_message(
            QueueUrl=self._url, MessageBody=request.body(), MessageGroupId=str(request.user_id)
        )


class StopSignals(Protocol):
    """Wishes that an answer be stopped; times are those of API Gateway, as in ChatRequest."""

    def ask(self, user_id: uuid.UUID, message_id: str, at: int) -> None: ...

    def is_asked(self, user_id: uuid.UUID, message_id: str, sent_at: int) -> bool: ...


class ValkeyStopSignals:
    """Stop wishes in Valkey, where they last ten minutes: longer than any answer.

    A wish concerns what was sent before it. The id may come again, from another conversation or
    after a failure, and that message is to be answered.
    """

    def __init__(self, cache: Redis) -> None:
        self._cache = cache

    def ask(self, user_id: uuid.UUID, message_id: str, at: int) -> None:
        """Ask that the answer to this message be stopped."""
        self._cache.set(_key(user_id, message_id), at, ex=STOP_SECONDS)

    def is_asked(self, user_id: uuid.UUID, message_id: str, sent_at: int) -> bool:
        """Whether the learner wants the answer to this message, sent then, stopped."""
        asked_at = cast("str | None", self._cache.get(_key(user_id, message_id)))
        return asked_at is not None and int(asked_at) >= sent_at


def _key(user_id: uuid.UUID, message_id: str) -> str:
    return f"chat:stop:{user_id}:{message_id}"


@lru_cache
def get_chat_queue() -> ChatQueue:
    """The chat worker's queue of this stack."""
    return SqsChatQueue(get_settings().chat_queue_url)


@lru_cache
def get_stop_signals() -> StopSignals:
    """The stop wishes of this stack."""
    return ValkeyStopSignals(get_cache())
