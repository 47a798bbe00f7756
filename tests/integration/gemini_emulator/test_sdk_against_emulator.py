"""Google's own SDK talks with the emulator as it does with the API."""

import json
from typing import Any

import pytest
from google import genai
from google.genai import errors, types
from pydantic import BaseModel

from scripts.gemini_emulator.process import EmulatorProcess

MODEL = "gemini-2.5-flash"


class Question(BaseModel):
    slot: int
    stem: str
    quote: str
    options: list[str] | None = None


class Reply(BaseModel):
    questions: list[Question]


def contents(*data: object) -> list[types.Content]:
    texts = [*(json.dumps(one) for one in data), "Do the task."]
    return [types.Content(role="user", parts=[types.Part.from_text(text=one) for one in texts])]


def generation(passages: list[dict[str, Any]]) -> list[types.Content]:
    slots = [
        {"slot": number, "type": kind, "difficulty": "easy", "bloom": "remember"}
        for number, kind in enumerate(("mcq", "fill_blank"), start=1)
    ]
    return contents({"passages": passages}, {"blueprint": slots, "language": None})


def refusal(client: genai.Client, **options: Any) -> errors.APIError:
    with pytest.raises(errors.APIError) as raised:
        client.models.generate_content(**{"model": MODEL, "contents": "hello"} | options)
    return raised.value


def with_key(value: str) -> types.GenerateContentConfig:
    options = types.HttpOptions(headers={"x-goog-api-key": value})
    return types.GenerateContentConfig(http_options=options)


@pytest.mark.parametrize("form", ["responseJsonSchema", "responseSchema"])
def test_structured_output_follows_the_schema_sent(
    client: genai.Client, passages: list[dict[str, Any]], form: str
) -> None:
    schema: dict[str, Any] = (
        {"response_json_schema": Reply.model_json_schema()}
        if form == "responseJsonSchema"
        else {"response_schema": Reply}
    )
    config = types.GenerateContentConfig(
        system_instruction="You write questions.",
        response_mime_type="application/json",
        max_output_tokens=4_000,
        thinking_config=types.ThinkingConfig(thinking_budget=0),
        **schema,
    )
    answer = client.models.generate_content(
        model=MODEL, contents=generation(passages), config=config
    )
    assert answer.text is not None
    reply = Reply.model_validate_json(answer.text)
    assert [one.slot for one in reply.questions] == [1, 2]
    assert set(json.loads(answer.text)["questions"][0]) <= set(Question.model_fields)
    page = " ".join(passages[0]["text"].split())
    assert all(one.quote in page for one in reply.questions)


def test_usage_model_version_and_finish_reason_are_told(client: genai.Client) -> None:
    answer = client.models.generate_content(model=MODEL, contents="hello there")
    usage, candidates = answer.usage_metadata, answer.candidates
    assert usage is not None
    assert candidates is not None
    assert usage.prompt_token_count == 3
    assert usage.total_token_count == 3 + (usage.candidates_token_count or 0)
    assert (answer.model_version, candidates[0].finish_reason) == (MODEL, types.FinishReason.STOP)
    assert answer.response_id


def test_the_output_limit_cuts_the_text(client: genai.Client) -> None:
    config = types.GenerateContentConfig(max_output_tokens=5)
    answer = client.models.generate_content(model=MODEL, contents="hello", config=config)
    assert answer.candidates is not None
    assert answer.candidates[0].finish_reason is types.FinishReason.MAX_TOKENS
    assert len(answer.text or "") == 20


async def test_chat_streams_in_pieces_and_ends_with_a_reason(
    client: genai.Client, passages: list[dict[str, Any]]
) -> None:
    stream = await client.aio.models.generate_content_stream(
        model=MODEL,
        contents=contents({"passages": passages}, {"question": "What is a moraine?"}),
    )
    pieces = [piece async for piece in stream]
    await client.aio.aclose()
    text = "".join(piece.text or "" for piece in pieces)
    answer, _, citations = text.partition("\n---CITATIONS---\n")
    reasons = [piece.candidates and piece.candidates[0].finish_reason for piece in pieces]
    assert len(pieces) > 1
    assert "moraine" in answer
    assert json.loads(citations)[0]["page"] == 7
    assert reasons[:-1] == [None] * (len(pieces) - 1)
    assert reasons[-1] is types.FinishReason.STOP


def test_tokens_are_counted_and_models_listed(client: genai.Client) -> None:
    counted = client.models.count_tokens(model=MODEL, contents="hello there")
    names = {model.name for model in client.models.list()}
    assert counted.total_tokens == 3
    assert f"models/{MODEL}" in names
    assert client.models.get(model=MODEL).input_token_limit == 1_048_576


def test_embeddings_have_the_dimensions_asked_for(client: genai.Client) -> None:
    config = types.EmbedContentConfig(output_dimensionality=64, task_type="RETRIEVAL_DOCUMENT")
    answer = client.models.embed_content(
        model="gemini-embedding-001", contents=["a river", "a lake"], config=config
    )
    assert [len(one.values or []) for one in answer.embeddings or []] == [64, 64]


def test_a_wrong_key_is_400_and_an_unknown_model_404(client: genai.Client) -> None:
    wrong = refusal(client, config=with_key("nonsense"))
    unknown = refusal(client, model="gemini-0")
    assert (wrong.code, wrong.status) == (400, "INVALID_ARGUMENT")
    assert wrong.details["error"]["details"][0]["reason"] == "API_KEY_INVALID"
    assert (unknown.code, unknown.status) == (404, "NOT_FOUND")


def test_quotas_belong_to_projects_and_are_refused_without_a_retry_header(
    client: genai.Client, emulator: EmulatorProcess, keys: dict[str, str]
) -> None:
    emulator.control("POST", "quotas", {"quotas": [{"project": "project-first", "rpm": 2}]})
    for _ in range(2):
        client.models.generate_content(model=MODEL, contents="hello")
    error = refusal(client)
    kinds = [one["@type"].rpartition(".")[2] for one in error.details["error"]["details"]]
    assert (error.code, kinds) == (429, ["Help", "QuotaFailure", "RetryInfo"])
    assert "retry-after" not in error.response.headers
    client.models.generate_content(model=MODEL, contents="hello", config=with_key(keys["second"]))
    stats = emulator.stats()
    assert stats["by_key"] == {"first": {"200": 2, "429": 1}, "second": {"200": 1}}
    assert len(stats["admissions"]) == 3


def test_one_key_can_be_dead_while_another_lives(
    client: genai.Client, emulator: EmulatorProcess, keys: dict[str, str]
) -> None:
    emulator.add_fault("suspended", match={"key": "first"})
    error = refusal(client)
    assert error.code == 403
    assert f"api_key:{keys['first']}" in str(error.message)
    client.models.generate_content(model=MODEL, contents="hello", config=with_key(keys["second"]))


@pytest.mark.parametrize(
    ("effect", "finish_reason"),
    [("safety", "SAFETY"), ("recitation", "RECITATION"), ("other", "OTHER")],
)
def test_blocked_candidates_have_their_reason_and_no_text(
    client: genai.Client, emulator: EmulatorProcess, effect: str, finish_reason: str
) -> None:
    emulator.add_fault(effect)
    answer = client.models.generate_content(model=MODEL, contents="hello")
    assert answer.candidates is not None
    assert answer.candidates[0].finish_reason == finish_reason
    assert answer.text is None


def test_a_blocked_prompt_has_no_candidates(
    client: genai.Client, emulator: EmulatorProcess
) -> None:
    emulator.add_fault("safety_prompt")
    answer = client.models.generate_content(model=MODEL, contents="hello")
    assert answer.candidates is None
    assert answer.prompt_feedback is not None
    assert answer.prompt_feedback.block_reason == "SAFETY"


def test_cut_json_ends_with_max_tokens_once(
    client: genai.Client, emulator: EmulatorProcess, passages: list[dict[str, Any]]
) -> None:
    emulator.add_fault("cut_json", match={"kind": "generate"}, count=1)
    first, second = (
        client.models.generate_content(model=MODEL, contents=generation(passages)) for _ in range(2)
    )
    assert first.candidates is not None
    assert first.candidates[0].finish_reason is types.FinishReason.MAX_TOKENS
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        json.loads(first.text or "")
    assert json.loads(second.text or "")["questions"]


def test_a_malformed_body_is_the_sdks_json_error(
    client: genai.Client, emulator: EmulatorProcess
) -> None:
    emulator.add_fault("malformed_body")
    with pytest.raises(json.JSONDecodeError):
        client.models.generate_content(model=MODEL, contents="hello")


def test_a_cut_stream_ends_without_a_reason(
    client: genai.Client, emulator: EmulatorProcess, passages: list[dict[str, Any]]
) -> None:
    emulator.add_fault("stream_cut")
    asked = contents({"passages": passages}, {"question": "What is a moraine?"})
    pieces = list(client.models.generate_content_stream(model=MODEL, contents=asked))
    assert pieces
    assert all(not piece.candidates[0].finish_reason for piece in pieces if piece.candidates)
