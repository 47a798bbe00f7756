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
        self._is_gone = False
        self._missed_a_piece = False

    async def say(self, text: str) -> None:
        """A further piece of the answer; after one that was lost only the end is told."""
        if text and not self._missed_a_piece:
            self._missed_a_piece = not await self._send("chat.delta", {"text": text})

    async def done(self, answer: Answer) -> None:
        """The whole answer."""
        await self._send("chat.done", answer.frame())

    async def error(self, code: str, message: str) -> None:
        """Why there is no answer."""
        await self._send("chat.error", {"code": code, "message": message})

    async def _send(self, kind: str, content: dict[str, Any]) -> bool:
        """Whether the frame was delivered. What was not is found in the stored conversation."""
        if self._is_gone:
            return False
        fields = {
            "session_id": str(self._question.session_id),
            "message_id": self._question.message_id,
            **content,
        }
        connection_id = self._question.connection_id
        try:
            await asyncio.to_thread(self._sender.send, connection_id, kind, **fields)
        except ConnectionGone:
            self._is_gone = True
            return False
        except Exception:
            get_logger().exception("frame not delivered", extra={"type": kind})
            return False
        return True
