"""One process of a plain client: google-genai, keys in turn, failures sent again at once."""

import asyncio
import itertools
import json
import time
from typing import Any

import anyio
import httpx2
from google import genai
from google.genai import errors, types

from tests.benchmarks.keys.work import TASK, Solutions, data_parts, read_order, serve_all

PAUSE_SECONDS = 0.25


async def open_client(base_url: str) -> genai.Client:
    """One client for all keys, without a limit to its connections, past its slow first call."""
    body = {"candidates": [{"content": {"parts": [{"text": "."}]}, "finishReason": "STOP"}]}
    canned = httpx2.MockTransport(lambda _request: httpx2.Response(200, json=body))
    await generate(_client(base_url, transport=canned), "none", "none", 0)
    anyio.Event()
    return _client(base_url, limits=httpx2.Limits(max_connections=None))


def _client(base_url: str, **arguments: Any) -> genai.Client:
    return genai.Client(
        api_key="chosen-per-call",
        http_options=types.HttpOptions(
            api_version="v1beta", base_url=base_url, async_client_args=arguments
        ),
    )


async def generate(client: genai.Client, model: str, key: str, number: int) -> None:
    """One call as the SDK's documentation writes it."""
    parts = [types.Part(text=json.dumps(part)) for part in data_parts(number)]
    parts.append(types.Part(text="Solve."))
    config = types.GenerateContentConfig(
        system_instruction=TASK,
        response_mime_type="application/json",
        response_json_schema=Solutions.model_json_schema(),
        automatic_continuation=False,
        max_output_tokens=500,
        temperature=0.0,
        http_options=types.HttpOptions(headers={"x-goog-api-key": key}),
    )
    await client.aio.models.generate_content(
        model=model, contents=[types.Content(role="user", parts=parts)], config=config
    )


async def _serve(
    client: genai.Client, order: dict[str, Any], keys: Any, number: int, ends_at: float
) -> float | None:
    while time.time() < ends_at:
        try:
            await generate(client, order["model"], next(keys), number)
        except (errors.APIError, httpx2.HTTPError):
            await asyncio.sleep(PAUSE_SECONDS)
        else:
            return time.time()
    return None


async def _main() -> None:
    order = read_order()
    client = await open_client(order["base_url"])
    keys = itertools.cycle([key["value"] for key in order["keys"]])
    await serve_all(order, lambda number, ends_at: _serve(client, order, keys, number, ends_at))


if __name__ == "__main__":
    asyncio.run(_main())
