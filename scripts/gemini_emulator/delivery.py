"""Gives a generation to the client at a model's pace, whole or as a stream, with ordered damage."""

import time
from dataclasses import dataclass

from scripts.gemini_emulator.connection import (
    EVENT_STREAM,
    JSON,
    Connection,
    ConnectionDropped,
)
from scripts.gemini_emulator.faults import Fault
from scripts.gemini_emulator.generation import Generation, encode
from scripts.gemini_emulator.latency import LatencyDraw

FOREVER = 3600.0


@dataclass(frozen=True)
class Delivery:
    """`started` is the loop's clock at the call's beginning; the pace counts from there."""

    connection: Connection
    drawn: LatencyDraw
    started: float
    faults: tuple[Fault, ...]

    def fault(self, effect: str) -> Fault | None:
        return next((fault for fault in self.faults if fault.effect == effect), None)

    async def _until(self, seconds: float) -> None:
        await self.connection.wait(self.started + seconds - time.monotonic())

    async def hang(self) -> None:
        """Say nothing for as long as the fault says, an hour if it doesn't."""
        fault = self.fault("hang")
        if fault is not None:
            await self.connection.wait(float(fault.parameters.get("seconds", FOREVER)))

    async def whole(self, generation: Generation) -> None:
        await self._until(self.drawn.total_seconds(generation.output_tokens))
        if self.fault("disconnect"):
            raise ConnectionDropped
        body = encode(generation.whole())
        if self.fault("malformed_body"):
            body = body[: len(body) // 2]
        if self.fault("html"):
            page = b"<!DOCTYPE html><html><title>Error</title><p>That's an error.</html>"
            await self.connection.answer(200, page, "text/html; charset=UTF-8")
            return
        await self.connection.answer(200, body)

    async def stream(self, generation: Generation, *, as_events: bool) -> None:
        """SSE events, or without `alt=sse` one JSON array sent piece by piece."""
        cut = self.fault("stream_cut") or self.fault("disconnect")
        pieces = list(generation.pieces())
        if cut is not None:
            # At least the last piece, which alone has the finish reason, stays unsent.
            pieces = pieces[: min(int(cut.parameters.get("pieces", 2)), len(pieces) - 1)]
        await self._until(self.drawn.first_token_seconds)
        await self.connection.start_stream(EVENT_STREAM if as_events else JSON)
        for index, (body, tokens) in enumerate(pieces):
            await self._until(self.drawn.total_seconds(tokens))
            encoded = encode(body)
            if self.fault("malformed_body") and index == len(pieces) // 2:
                encoded = encoded[: len(encoded) // 2]
            await self.connection.send_piece(_framed(encoded, index, as_events=as_events))
        if self.fault("disconnect"):
            raise ConnectionDropped
        if not as_events:
            await self.connection.send_piece(b"\n]" if pieces else b"[]")
        await self.connection.end_stream()


def _framed(body: bytes, index: int, *, as_events: bool) -> bytes:
    if as_events:
        return b"data: " + body + b"\r\n\r\n"
    return (b",\r\n" if index else b"[") + body
