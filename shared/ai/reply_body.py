"""What a GenerateContentResponse says, read from its JSON.

Reference: https://ai.google.dev/api/generate-content#v1beta.GenerateContentResponse
"""

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from shared.ai.interface import Usage


@dataclass(frozen=True)
class ReplyRead:
    """`finish` is the model's reason to stop, `BLOCKED:reason` for a blocked prompt, or None."""

    text: str
    usage: Usage | None
    finish: str | None


class _Google(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="ignore")


class _Part(_Google):
    text: str | None = None
    thought: bool | None = None


class _Content(_Google):
    parts: list[_Part] | None = None


class _Candidate(_Google):
    content: _Content | None = None
    finish_reason: str | None = None


class _Counted(_Google):
    prompt_token_count: int | None = None
    candidates_token_count: int | None = None
    cached_content_token_count: int | None = None
    thoughts_token_count: int | None = None


class _Feedback(_Google):
    block_reason: str | None = None


class _Response(_Google):
    candidates: list[_Candidate] | None = None
    usage_metadata: _Counted | None = None
    prompt_feedback: _Feedback | None = None


def read_reply(body: str) -> ReplyRead:
    """The reply, or a piece of a streamed one. Raises pydantic.ValidationError for other JSON."""
    response = _Response.model_validate_json(body)
    candidate = response.candidates[0] if response.candidates else None
    parts = candidate.content.parts if candidate and candidate.content else None
    text = "".join(part.text for part in parts or [] if part.text and not part.thought)
    return ReplyRead(text, _usage(response.usage_metadata), _finish(response, candidate))


def _usage(counted: _Counted | None) -> Usage | None:
    if counted is None:
        return None
    return Usage(
        prompt_tokens=max(0, counted.prompt_token_count or 0),
        output_tokens=max(0, counted.candidates_token_count or 0),
        cached_tokens=max(0, counted.cached_content_token_count or 0),
        thought_tokens=max(0, counted.thoughts_token_count or 0),
    )


def _finish(response: _Response, candidate: _Candidate | None) -> str | None:
    feedback = response.prompt_feedback
    if feedback is not None and feedback.block_reason is not None:
        return f"BLOCKED:{feedback.block_reason}"
    return candidate.finish_reason if candidate else None
