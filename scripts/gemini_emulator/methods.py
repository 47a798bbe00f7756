"""The methods of the API, each from request body to answer."""

import hashlib
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from scripts.gemini_emulator.api_errors import invalid_argument
from scripts.gemini_emulator.call import ApiCall
from scripts.gemini_emulator.conversation import Conversation, TaskKind, read_conversation
from scripts.gemini_emulator.delivery import Delivery
from scripts.gemini_emulator.embeddings import DEFAULT_DIMENSIONS, embed
from scripts.gemini_emulator.generate_call import generate
from scripts.gemini_emulator.models import CATALOGUE
from scripts.gemini_emulator.request_checks import check_generation, normalize, parse_json
from scripts.gemini_emulator.tokens import count_tokens

MOST_EMBEDDINGS = 100


async def generate_content(call: ApiCall, raw: bytes) -> None:
    started = time.monotonic()
    conversation = _conversation(call, raw)
    kind = conversation.kind.value
    call.meet_faults(
        kind,
        conversation.text,
        conversation.fingerprint,
        repair=conversation.repair is not None,
    )
    call.record.prompt_tokens = conversation.prompt_tokens
    call.admit()
    drawn = call.draw()
    generation = await generate(
        conversation,
        call.faults,
        call.emulator.reply_faults,
        seed=call.emulator.settings.seed,
        model=call.record.model,
        identifier=f"{conversation.fingerprint}:{call.record.occurrence}",
    )
    call.record.plan(drawn, generation.output_tokens)
    delivery = Delivery(call.connection, drawn, started, tuple(call.faults))
    await delivery.hang()
    if call.record.method == "streamGenerateContent":
        as_events = call.connection.query.get("alt") == "sse"
        await delivery.stream(generation, as_events=as_events)
    else:
        await delivery.whole(generation)
    call.record.finish_reason = generation.finish_reason


def _conversation(call: ApiCall, raw: bytes) -> Conversation:
    body = normalize(parse_json(raw), "GenerateContentRequest")
    call.model()
    check_generation(body)
    return read_conversation(body)


async def count(call: ApiCall, raw: bytes) -> None:
    body = normalize(parse_json(raw), "CountTokensRequest")
    call.model()
    inner = body.get("generateContentRequest") or body
    check_generation(inner, "CountTokensRequest")
    conversation = read_conversation(inner)
    call.meet_faults("count_tokens", conversation.text, conversation.fingerprint)
    call.record.prompt_tokens = conversation.prompt_tokens
    call.admit_free()
    total = conversation.prompt_tokens
    details = [{"modality": "TEXT", "tokenCount": total}]
    await call.answer({"totalTokens": total, "promptTokensDetails": details})


async def embed_one(call: ApiCall, raw: bytes) -> None:
    body = normalize(parse_json(raw), "EmbedContentRequest")
    vectors = await _embed(call, [body], raw)
    await call.answer({"embedding": {"values": vectors[0]}})


async def embed_batch(call: ApiCall, raw: bytes) -> None:
    body = normalize(parse_json(raw), "BatchEmbedContentsRequest")
    requests = body.get("requests") or []
    if not requests:
        raise invalid_argument("* BatchEmbedContentsRequest.requests: requests is not specified\n")
    if len(requests) > MOST_EMBEDDINGS:
        raise invalid_argument(
            "* BatchEmbedContentsRequest.requests: at most 100 requests can be in one batch\n"
        )
    vectors = await _embed(call, requests, raw)
    await call.answer({"embeddings": [{"values": vector} for vector in vectors]})


async def _embed(call: ApiCall, requests: list[Mapping[str, Any]], raw: bytes) -> list[list[float]]:
    call.model()
    texts = [_embedded_text(request) for request in requests]
    fingerprint = hashlib.blake2b(raw, digest_size=12).hexdigest()
    call.meet_faults(TaskKind.EMBED.value, "\n".join(texts), fingerprint)
    call.record.prompt_tokens = sum(map(count_tokens, texts))
    call.admit(embedding=True)
    latency = call.emulator.latency
    await call.connection.wait(latency.embedding_seconds * latency.scale)
    return [
        embed(text, request.get("outputDimensionality") or DEFAULT_DIMENSIONS)
        for text, request in zip(texts, requests, strict=True)
    ]


def _embedded_text(request: Mapping[str, Any]) -> str:
    parts = (request.get("content") or {}).get("parts") or []
    text = "\n".join(str(part.get("text", "")) for part in parts)
    if not text:
        raise invalid_argument("* EmbedContentRequest.content: contents is not specified\n")
    dimensions = request.get("outputDimensionality")
    if dimensions is not None and not 1 <= dimensions <= DEFAULT_DIMENSIONS:
        raise invalid_argument(
            "* EmbedContentRequest.output_dimensionality: must be in the range [1, 3072].\n"
        )
    return text


async def list_models(call: ApiCall, _raw: bytes) -> None:
    call.meet_faults("models", "", "models")
    call.admit_free()
    await call.answer({"models": [model.resource for model in CATALOGUE.values()]})


async def get_model(call: ApiCall, _raw: bytes) -> None:
    model = CATALOGUE.get(call.record.model)
    call.meet_faults("models", "", "models")
    call.admit_free()
    if model is None:
        call.model()
    else:
        await call.answer(model.resource)


POST_METHODS: dict[str, Callable[[ApiCall, bytes], Awaitable[None]]] = {
    "generateContent": generate_content,
    "streamGenerateContent": generate_content,
    "countTokens": count,
    "embedContent": embed_one,
    "batchEmbedContents": embed_batch,
}
