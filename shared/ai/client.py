"""One call to Gemini through google-genai: a reply, or a classified failure."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from pydantic import SecretStr, ValidationError
from pydantic_core import PydanticSerializationError

from shared.ai import error_table
from shared.ai.error_table import Failure, classify
from shared.ai.interface import Usage
from shared.ai.prompt import Prompt, tokens_in
from shared.ai.provider_error import parse_error
from shared.ai.reply_body import ReplyRead, read_reply
from shared.ai.request_body import request_body
from shared.memory import not_collecting
from shared.redaction import redact

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx2
    from google.genai import Client, types

# The SDK wants contents; `request_body` replaces them.
_IN_THE_BODY = "-"
STOPPED = ("STOP", "FINISH_REASON_STOP")


@dataclass(frozen=True)
class RawReply:
    """The model's whole text and what it cost."""

    text: str
    usage: Usage


class CallFailed(Exception):
    """One call didn't give a usable reply. `text` is what came of it, `reason` the model's own.

    Whoever holds its lease notes whose key it was in `alias`.
    """

    alias = ""

    def __init__(
        self,
        failure: Failure,
        message: str,
        *,
        usage: Usage | None = None,
        text: str = "",
        reason: str = "",
    ) -> None:
        super().__init__(redact(message)[:500])
        self.failure = failure
        self.usage = usage or Usage()
        self.text = text
        self.reason = reason


def _nobody_asks() -> None:
    """For callers that hold no lease."""


def _nobody_counts(_usage: Usage) -> None:
    """For callers that keep no books."""


@dataclass(frozen=True)
class Call:
    """All that one call needs. `on_sending` is called just before it, `on_sent` after its bytes.

    `on_usage` is told what a stream has cost so far, for one that doesn't come to its end.
    `timed_out` is what it means that no answer came in time.
    """

    model: str
    key: SecretStr
    prompt: Prompt
    timeout_seconds: float
    on_sending: Callable[[], None] = _nobody_asks
    on_sent: Callable[[], None] = _nobody_asks
    on_usage: Callable[[Usage], None] = _nobody_counts
    timed_out: Failure = error_table.TIMED_OUT


class GeminiClient:
    """All keys through one google-genai client: the key is a header of the call."""

    def __init__(
        self,
        base_url: str | None = None,
        thinking_budget: int | None = None,
        transport: "httpx2.AsyncBaseTransport | None" = None,
    ) -> None:
        self._base_url = base_url
        self._thinking_budget = thinking_budget
        self._transport = transport
        self._is_prepared = False

    @cached_property
    def _client(self) -> "Client":
        # Imported here because it costs 0.5 to 1.8 s.
        with not_collecting():
            from google import genai  # noqa: PLC0415
            from google.genai import types  # noqa: PLC0415

            from shared.ai.transport import LoopTransport  # noqa: PLC0415

        return genai.Client(
            api_key="chosen-per-call",
            http_options=types.HttpOptions(
                api_version="v1beta",
                base_url=self._base_url,
                # A redirect would take the key's header to wherever it leads.
                async_client_args={
                    "transport": self._transport or LoopTransport(),
                    "follow_redirects": False,
                },
                # Exactly one HTTP request a lease: the pool does the retrying.
                retry_options=types.HttpRetryOptions(attempts=1),
            ),
        )

    async def prepare(self) -> None:
        """Does the slow parts of the first call, before any lease is running."""
        if not self._is_prepared:
            _ = self._client
            await rehearse()
            self._is_prepared = True

    async def generate(self, call: Call) -> RawReply:
        """The reply. Raises CallFailed for everything else that can come of a call."""
        async with _translated(call):
            config = self._config(call)
            # The SDK's own reading of a reply costs more CPU than sending the request.
            config.should_return_http_response = True
            response = await self._client.aio.models.generate_content(
                model=call.model, contents=_IN_THE_BODY, config=config
            )
            carried = response.sdk_http_response
            read = read_reply(carried.body if carried and carried.body else "")
            return _finished(call, read)

    async def stream(self, call: Call) -> AsyncGenerator[str | RawReply]:
        """Pieces of text as they come, at last the whole. Raises CallFailed."""
        async with _translated(call):
            chunks = await self._client.aio.models.generate_content_stream(
                model=call.model, contents=_IN_THE_BODY, config=self._config(call)
            )
            pieces: list[str] = []
            usage, finish = None, None
            async for chunk in chunks:
                read = read_reply(chunk.model_dump_json(by_alias=True, exclude_none=True))
                usage, finish = read.usage or usage, read.finish or finish
                if read.usage:
                    call.on_usage(read.usage)
                if read.text:
                    pieces.append(read.text)
                    yield read.text
            yield _finished(call, ReplyRead("".join(pieces), usage, finish), streamed=True)

    async def count_models(self, key: SecretStr) -> int | None:
        """How many models this key can see; None where it may not look or nobody answers."""
        import httpx2  # noqa: PLC0415
        from google.genai import errors, types  # noqa: PLC0415

        headers = {"x-goog-api-key": key.get_secret_value()}
        options = types.HttpOptions(headers=headers, timeout=30_000)
        try:
            config = types.ListModelsConfig(http_options=options, page_size=1000)
            pager = await self._client.aio.models.list(config=config)
        except (errors.APIError, httpx2.HTTPError, ValueError):
            # ValueError: what came was no JSON, or not of this form.
            return None
        return len(pager.page)

    def _config(self, call: Call) -> "types.GenerateContentConfig":
        from google.genai import types  # noqa: PLC0415

        return types.GenerateContentConfig(
            # One lease is one billed request.
            automatic_continuation=False,
            automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
            http_options=types.HttpOptions(
                headers={"x-goog-api-key": call.key.get_secret_value()},
                timeout=int(call.timeout_seconds * 1000),
                extra_body=request_body(call.prompt, self._thinking_budget),
            ),
        )


async def rehearse() -> None:
    """One call that no server sees: the SDK builds its types with the first, in 0.1 s of CPU."""
    import anyio  # noqa: PLC0415
    import httpx2  # noqa: PLC0415

    body = {"candidates": [{"content": {"parts": [{"text": "."}]}, "finishReason": "STOP"}]}
    canned = httpx2.MockTransport(lambda _request: httpx2.Response(200, json=body))
    prompt = Prompt(".", (), (".",), max_output_tokens=1, temperature=0.0, schema=None)
    await GeminiClient(transport=canned).generate(Call("none", SecretStr("none"), prompt, 10.0))
    # Its first object loads what anyio needs for asyncio, which httpx2 waits by.
    anyio.Event()


@asynccontextmanager
async def _translated(call: Call) -> AsyncGenerator[None]:
    """A hard limit of time, and every foreign error as CallFailed."""
    import httpx2  # noqa: PLC0415
    from google.genai import errors  # noqa: PLC0415

    try:
        with _signal(call):
            async with asyncio.timeout(call.timeout_seconds):
                yield
    except errors.APIError as error:
        failure = classify(parse_error(error.code, error.details))
        raise CallFailed(failure, f"HTTP {error.code}: {error.message}") from None
    except httpx2.PoolTimeout:
        raise CallFailed(error_table.OUR_POOL_FULL, "no free connection") from None
    except (TimeoutError, httpx2.TimeoutException):
        raise CallFailed(call.timed_out, "no answer in time") from None
    except httpx2.RequestError as error:
        raise CallFailed(error_table.NOT_CONNECTED, type(error).__name__) from None
    except (UnicodeDecodeError, RecursionError) as error:
        # The SDK reads the body of a failure as JSON in UTF-8, which a proxy's page need not be.
        raise CallFailed(error_table.FOREIGN, type(error).__name__) from None
    except _unreadable() as error:
        raise CallFailed(error_table.MALFORMED, type(error).__name__) from None


def _unreadable() -> tuple[type[Exception], ...]:
    from google.genai import errors  # noqa: PLC0415

    return (
        json.JSONDecodeError,
        errors.UnknownApiResponseError,
        ValidationError,
        PydanticSerializationError,
    )


@contextmanager
def _signal(call: Call) -> "Iterator[None]":
    from shared.ai import transport  # noqa: PLC0415

    # Not reset by token: a stream that is closed from another task has another context.
    transport.signals.set(transport.Signals(call.on_sending, call.on_sent))
    try:
        yield
    finally:
        transport.signals.set(None)


def _finished(call: Call, read: ReplyRead, *, streamed: bool = False) -> RawReply:
    """The reply, if it ended well. A stream without a finish reason was cut, and an answer without
    a word is none."""
    finish, usage = read.finish or "", read.usage or _estimated(call.prompt, read.text)
    if finish in STOPPED and read.text.strip():
        return RawReply(read.text, usage)
    if finish == "MAX_TOKENS":
        failure = error_table.TRUNCATED
    elif finish.startswith("BLOCKED:") or finish in error_table.BLOCKING_REASONS:
        failure = error_table.BLOCKED
    elif not finish and streamed:
        failure = error_table.CUT_STREAM
    else:
        failure = error_table.MALFORMED
    raise CallFailed(
        failure,
        f"finished with {read.finish}",
        usage=usage,
        text=read.text,
        reason=finish.removeprefix("BLOCKED:"),
    )


def _estimated(prompt: Prompt, text: str) -> Usage:
    """What an answer without its tokens is taken to have cost: nothing would leave room in a
    minute's quota and in a budget that there isn't."""
    return Usage(prompt_tokens=prompt.estimated_tokens, output_tokens=tokens_in(text))
