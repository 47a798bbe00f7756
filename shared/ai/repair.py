"""Checking a structured reply, and the one question back that may mend it."""

import json
from dataclasses import replace
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from shared.ai.interface import Turn
from shared.ai.prompt import Prompt

ValueT = TypeVar("ValueT", bound=BaseModel)
_MOST_ERRORS = 20
_TASK = (
    "Your previous answer breaks the required JSON schema. The JSON object above lists every "
    "error found. Answer the original task again: complete, corrected, and only the JSON."
)


class Broken(Exception):
    """A reply that doesn't fit its type; `errors` say where and how."""

    def __init__(self, errors: list[str]) -> None:
        super().__init__("; ".join(errors))
        self.errors = errors


def checked(text: str, kind: type[ValueT]) -> ValueT:
    """The reply as an object. Raises Broken."""
    try:
        return kind.model_validate_json(_unfenced(text))
    except ValidationError as error:
        raise Broken(_errors(error)) from None


def repair_prompt(prompt: Prompt, bad: str, errors: list[str]) -> Prompt:
    """The first prompt again, with the bad reply and its errors as further turns."""
    question = json.dumps({"errors": errors}, ensure_ascii=False)
    return replace(
        prompt,
        afterwards=(Turn("model", bad or "{}"), Turn("user", f"{question}\n{_TASK}")),
    )


def _unfenced(text: str) -> str:
    """Some models wrap JSON in a Markdown fence in spite of the response type."""
    stripped = text.strip()
    if stripped.startswith("```") and stripped.endswith("```"):
        return stripped.removeprefix("```json").removeprefix("```").removesuffix("```").strip()
    return stripped


def _errors(error: ValidationError) -> list[str]:
    return [
        f"{'.'.join(str(step) for step in item['loc']) or 'answer'}: {item['msg']}"
        for item in error.errors(include_url=False, include_input=False)[:_MOST_ERRORS]
    ]
