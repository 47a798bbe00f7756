"""What a network may answer in Google's stead, over a real socket: every answer has its meaning."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import SecretStr

from shared.ai.client import Call, CallFailed, GeminiClient, RawReply
from shared.ai.interface import Usage
from shared.ai.prompt import Prompt

PROMPT = Prompt("be brief", (), ("x" * 400,), max_output_tokens=10, temperature=0.0, schema=None)
PIECE = {
    "candidates": [{"content": {"parts": [{"text": "hi"}]}}],
    "usageMetadata": {"promptTokenCount": 5, "candidatesTokenCount": 2},
}
WHOLE = {**PIECE, "candidates": [{**PIECE["candidates"][0], "finishReason": "STOP"}]}


def answer(status: int, body: object = b"", *headers: str) -> bytes:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} Something", f"content-length: {len(content)}", *headers]
    return "\r\n".join([*lines, "connection: close", "", ""]).encode() + content


def stream(*pieces: object, rest: bytes = b"") -> bytes:
    """A streamed answer that the server ends by hanging up."""
    told = [one if isinstance(one, bytes) else json.dumps(one).encode() for one in pieces]
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
    return head + b"".join(b"data: " + one + b"\r\n\r\n" for one in told) + rest


class Network:
    """Answers every request by the same bytes, and counts them."""

    def __init__(self) -> None:
        self.answer = b""
        self.requests: list[bytes] = []
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.requests.append(head)
        sizes = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")]
        if sizes:
            await reader.readexactly(int(sizes[0].split(b":")[1]))
        writer.write(self.answer)
        await writer.drain()
        writer.close()


@pytest.fixture
async def network() -> AsyncIterator[Network]:
    made = Network()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield made
    server.close()


def call(**more: Any) -> Call:
    return Call("gemini-2.5-flash", SecretStr("a-key"), PROMPT, 5.0, **more)


async def all_of(client: GeminiClient, given: Call, *, streamed: bool) -> list[str | RawReply]:
    """All that a call gives, the whole reply last."""
    if streamed:
        return [item async for item in client.stream(given)]
    return [await client.generate(given)]


async def kind_of(network: Network, given: bytes, *, streamed: bool) -> str:
    """How a call ends that is answered by these bytes."""
    network.answer = given
    with pytest.raises(CallFailed) as caught:
        await all_of(GeminiClient(network.url), call(), streamed=streamed)
    return caught.value.failure.kind


LATIN_PAGE = b"<html>caf\xe9 \xff\xfe</html>"


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (answer(503, b"<html>", "content-type: text/html"), "overloaded"),
        (answer(503, LATIN_PAGE, "content-type: text/html"), "foreign_answer"),
        (answer(503, b"[" * 100_000), "foreign_answer"),
        (answer(403, b"<html>", "content-type: text/html"), "foreign_answer"),
        (answer(200, b"no gzip", "content-encoding: gzip"), "transport"),
        (answer(503, b"no gzip", "content-encoding: gzip"), "transport"),
        (answer(200, b"<html>", "content-type: text/html"), "malformed"),
        (b"\x00\x01nonsense\r\n\r\n", "transport"),
        (b"", "transport"),
    ],
)
async def test_what_no_api_would_say_is_classified(network, given, kind, streamed):
    assert await kind_of(network, given, streamed=streamed) == kind


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (stream(PIECE), "cut_stream"),
        (stream(), "cut_stream"),
        (stream(PIECE, rest=b'data: {"candidates":[{"con'), "malformed"),
        (stream(PIECE, {"error": {"code": 503, "message": "overloaded"}}), "overloaded"),
        (stream(PIECE, b"[" * 100_000), "foreign_answer"),
        (stream(b'{"candidates":[{"content":{"parts":[{"text":"\\ud800"}]}}]}'), "malformed"),
        (stream({"promptFeedback": {"blockReason": "NEW_REASON"}}), "blocked"),
        (stream({"candidates": [{"finishReason": "BRAND_NEW"}]}), "malformed"),
    ],
)
@pytest.mark.filterwarnings("ignore:.* is not a valid")
async def test_a_stream_that_goes_wrong_is_classified(network, given, kind):
    assert await kind_of(network, given, streamed=True) == kind


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_redirect_is_not_followed_with_the_key(network, streamed):
    elsewhere = answer(302, b"", f"location: {network.url}/portal")
    assert await kind_of(network, elsewhere, streamed=streamed) == "foreign_answer"
    assert len(network.requests) == 1


async def test_what_a_stream_counted_is_told_before_it_ends(network):
    network.answer = stream(PIECE, rest=b"data: {")
    told: list[Usage] = []
    with pytest.raises(CallFailed):
        await all_of(GeminiClient(network.url), call(on_usage=told.append), streamed=True)
    assert told == [Usage(5, 2)]


@pytest.mark.parametrize("streamed", [False, True])
async def test_an_answer_without_its_tokens_is_taken_for_what_was_estimated(network, streamed):
    uncounted = {"candidates": [{**WHOLE["candidates"][0]}]}
    network.answer = stream(uncounted) if streamed else answer(200, uncounted)
    *_, reply = await all_of(GeminiClient(network.url), call(), streamed=streamed)
    assert isinstance(reply, RawReply)
    assert reply.usage == Usage(PROMPT.estimated_tokens, 1)


async def test_tokens_are_never_fewer_than_none(network):
    counted = {"promptTokenCount": -5, "candidatesTokenCount": 2}
    network.answer = answer(200, {**WHOLE, "usageMetadata": counted})
    reply = await GeminiClient(network.url).generate(call())
    assert reply.usage == Usage(0, 2)


@pytest.mark.parametrize("streamed", [False, True])
async def test_an_answer_that_ends_well_without_a_word_is_none(network, streamed):
    """Gemini gives such answers now and then; asked again it mostly says something."""
    silent = {"candidates": [{"content": {"parts": [{"text": ""}]}, "finishReason": "STOP"}]}
    given = stream(silent) if streamed else answer(200, silent)
    assert await kind_of(network, given, streamed=streamed) == "malformed"
