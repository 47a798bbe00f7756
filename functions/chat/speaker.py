"""Tells one client, over its connection, how the answer to one message comes along."""

import asyncio
from typing import Any

from functions.chat.model import Answer
from functions.chat.ports import Sender
from shared.observability import get_logger
from shared.realtime.chat_signals import ChatRequest
from shared.realtime.connections import ConnectionGone


class Speaker:
    """Frames about one message, in order. A client that is gone is told nothing more."""

    def __init__(self, sender: Sender, question: ChatRequest) -> None:
        self._sender = sender
        self._question = question
        self._listening = True

    async def say(self, text: str) -> None:
        """A further piece of the answer."""
        if text:
            await self._send("chat.delta", {"text": text})

    async def done(self, answer: Answer) -> None:
        """The whole answer."""
        await self._send("chat.done", answer.frame())

    async def error(self, code: str, message: str) -> None:
        """Why there is no answer."""
        await self._send("chat.error", {"code": code, "message": message})

    async def _send(self, kind: str, content: dict[str, Any]) -> None:
        if not self._listening:
            return
        fields = {
            "session_id": str(self._question.session_id),
            "message_id": self._question.message_id,
            **content,
        }
        connection_id = self._question.connection_id
        try:
            await asyncio.to_thread(self._sender.send, connection_id, kind, **fields)
        except ConnectionGone:
            self._listening = False
        except Exception:
            # The answer is stored all the same: the client finds it in the conversation.
            self._listening = False
            get_logger().exception("frame not delivered", extra={"type": kind})
