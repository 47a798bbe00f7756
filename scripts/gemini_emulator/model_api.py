"""Google's REST surface as ASGI: finds the method, keeps the record, tells errors."""

import re
import time

from scripts.gemini_emulator.api_errors import ApiError
from scripts.gemini_emulator.call import open_call
from scripts.gemini_emulator.call_statistics import CallRecord, Statistics
from scripts.gemini_emulator.connection import (
    ClientGone,
    Connection,
    Message,
    Receive,
    Send,
)
from scripts.gemini_emulator.generation import encode
from scripts.gemini_emulator.methods import POST_METHODS, get_model, list_models
from scripts.gemini_emulator.state import Emulator

_PATH = re.compile(r"/(v1|v1beta)/models(?:/([^/:]+)(?::(\w+))?)?/?")
_NOT_FOUND = b"<!DOCTYPE html><html lang=en><title>Error 404 (Not Found)!!1</title>"
CLIENT_CLOSED_REQUEST = 499


class ModelApi:
    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        connection = Connection(scope, receive, send)
        match = _PATH.fullmatch(connection.path)
        if match is None or not _allowed(connection.method, match[3]):
            await connection.answer(404, _NOT_FOUND, "text/html; charset=UTF-8")
            return
        statistics = self.emulator.statistics
        record = CallRecord(
            number=statistics.started + 1,
            at=time.time(),
            method=match[3] or ("getModel" if match[2] else "listModels"),
            model=match[2] or "",
            version=match[1],
        )
        started = time.monotonic()
        statistics.begin()
        try:
            await self._serve(connection, record, statistics)
        finally:
            record.seconds = time.monotonic() - started
            connection.close()
            statistics.end(record)

    async def _serve(
        self, connection: Connection, record: CallRecord, statistics: Statistics
    ) -> None:
        """A client that left and a connection cut on order are recorded as status 499."""
        record.status = CLIENT_CLOSED_REQUEST
        try:
            try:
                raw = await connection.body()
                call = open_call(self.emulator, connection, record)
                if raw:
                    statistics.keep_body(record, raw)
                if connection.method == "POST":
                    await POST_METHODS[record.method](call, raw)
                else:
                    await (get_model if record.model else list_models)(call, raw)
                record.status = 200
            except ApiError as error:
                await self._refuse(connection, record, error)
        except ClientGone:
            return

    async def _refuse(self, connection: Connection, record: CallRecord, error: ApiError) -> None:
        latency = self.emulator.latency
        await connection.wait(latency.rejection_seconds * latency.scale)
        record.status, record.error = error.code, error.status
        body = error.body
        is_array = record.method == "streamGenerateContent" and connection.query.get("alt") != "sse"
        await connection.answer(error.code, encode([body] if is_array else body))


def _allowed(http_method: str, method: str | None) -> bool:
    if http_method == "POST":
        return method in POST_METHODS
    return http_method == "GET" and method is None
