"""A prompt as the JSON that generateContent takes.

google-genai carries it as `extra_body`. Built from the SDK's own types the same request costs half
as much CPU again: they are copied, validated and searched field by field on every call.
Reference: https://ai.google.dev/api/generate-content
"""

import base64
from typing import Any

from shared.ai.interface import FilePart, Turn
from shared.ai.prompt import Prompt


class _Body(dict[str, Any]):
    """The SDK copies its configuration deeply; nobody changes this, so it is its own copy."""

    def __deepcopy__(self, memo: object) -> "_Body":
        return self


def request_body(prompt: Prompt, thinking_budget: int | None = None) -> dict[str, Any]:
    """The body of a generateContent or streamGenerateContent request."""
    generation: dict[str, Any] = {
        "temperature": prompt.temperature,
        "maxOutputTokens": prompt.max_output_tokens,
    }
    if prompt.schema is not None:
        generation |= {"responseMimeType": "application/json", "responseJsonSchema": prompt.schema}
    if thinking_budget is not None:
        generation["thinkingConfig"] = {"thinkingBudget": thinking_budget}
    asked = {"role": "user", "parts": [_part(part) for part in prompt.parts]}
    return _Body(
        contents=[*map(_turn, prompt.history), asked, *map(_turn, prompt.afterwards)],
        systemInstruction={"parts": [{"text": prompt.system_instruction}]},
        generationConfig=generation,
    )


def _turn(given: Turn) -> dict[str, Any]:
    return {"role": given.role, "parts": [{"text": given.text}]}


def _part(part: str | FilePart) -> dict[str, Any]:
    if isinstance(part, str):
        return {"text": part}
    data = base64.b64encode(part.content).decode()
    return {"inlineData": {"mimeType": part.mime_type, "data": data}}
