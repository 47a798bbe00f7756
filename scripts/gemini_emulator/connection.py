"""One HTTP exchange over ASGI: body in, answer or stream out, and noticing a client that left."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs

from scripts.gemini_emulator.api_errors import ApiError

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
LARGEST_BODY = 20 * 1024 * 1024
JSON = "application/json; charset=UTF-8"
EVENT_STREAM = "text/event-stream"


class ClientGone(Exception):
    """The client closed the connection before the answer was out."""


class ConnectionDropped(Exception):
    """Tells the server to close the connection in the middle of the answer."""


class Connection:
    def __init__(self, scope: Message, receive: Receive, send: Send) -> None:
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        self.query = {
            name: values[-1] for name, values in parse_qs(scope["query_string"].decode()).items()
        }
        self._receive = receive
        self._send = send
        self._gone: asyncio.Task[None] | None = None

    async def body(self) -> bytes:
        """Raises ApiError for a body over Google's limit."""
        chunks: list[bytes] = []
        size = 0
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ClientGone
            chunks.append(message.get("body", b""))
            size += len(chunks[-1])
            if size > LARGEST_BODY:
                limit = f"Request payload size exceeds the limit: {LARGEST_BODY} bytes."
                raise ApiError(400, limit)
            if not message.get("more_body"):
                return b"".join(chunks)

    async def wait(self, seconds: float) -> None:
        """Sleep, but raise ClientGone as soon as the client leaves."""
        if seconds <= 0:
            return
        if self._gone is None:
            self._gone = asyncio.create_task(self._watch())
        done, _ = await asyncio.wait({self._gone}, timeout=seconds)
        if done:
            raise ClientGone

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def answer(self, status: int, body: bytes, content_type: str = JSON) -> None:
        headers = [
            (b"content-type", content_type.encode()),
            (b"content-length", str(len(body)).encode()),
        ]
        await self._send({"type": "http.response.start", "status": status, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})

    async def start_stream(self, content_type: str) -> None:
        headers = [(b"content-type", content_type.encode())]
        await self._send({"type": "http.response.start", "status": 200, "headers": headers})

    async def send_piece(self, piece: bytes) -> None:
        await self._send({"type": "http.response.body", "body": piece, "more_body": True})

    async def end_stream(self) -> None:
        await self._send({"type": "http.response.body", "body": b""})

    def close(self) -> None:
        if self._gone is not None:
            self._gone.cancel()
