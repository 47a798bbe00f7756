"""How the socket tells the chat worker what a learner wants: a message to answer, or to stop."""

import json
import uuid
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from redis import Redis

from shared.cache.client import get_cache
from shared.config import get_settings
from shared.jobs.clients import get_queue_client

STOP_SECONDS = 600


@dataclass(frozen=True)
class ChatRequest:
    """A learner's message as it goes over the queue. `message_id` is the client's own."""

    connection_id: str
    user_id: uuid.UUID
    session_id: uuid.UUID
    message_id: str
    text: str

    def body(self) -> str:
        """The body of its SQS message."""
        return json.dumps(
            {
                "connection_id": self.connection_id,
                "user_id": str(self.user_id),
                "session_id": str(self.session_id),
                "message_id": self.message_id,
                "text": self.text,
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
    """Wishes that an answer be stopped."""

    def ask(self, user_id: uuid.UUID, message_id: str) -> None: ...

    def is_asked(self, user_id: uuid.UUID, message_id: str) -> bool: ...


class ValkeyStopSignals:
    """Stop wishes in Valkey, where they last ten minutes: longer than any answer."""

    def __init__(self, cache: Redis) -> None:
        self._cache = cache

    def ask(self, user_id: uuid.UUID, message_id: str) -> None:
        """Ask that the answer to this message be stopped."""
        self._cache.set(_key(user_id, message_id), "1", ex=STOP_SECONDS)

    def is_asked(self, user_id: uuid.UUID, message_id: str) -> bool:
        """Whether the learner wants the answer to this message stopped."""
        return bool(self._cache.exists(_key(user_id, message_id)))


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
