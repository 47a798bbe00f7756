"""A request in the shape of Google's API, and how many tokens it will about cost."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

from pydantic import BaseModel

from shared.ai.interface import DataPart, FilePart, ModelRequest, Turn

# Google counts a PDF page or an image tile as 258 tokens; a page scan here is about 100 kB.
_TOKENS_PER_FILE_KILOBYTE = 3
_FEWEST_FILE_TOKENS = 258
_CHARACTERS_PER_TOKEN = 4
# Scripts other than Latin have shorter tokens; UTF-8 length follows that better than characters.
_FRAME_TOKENS = 8


@dataclass(frozen=True)
class Prompt:
    """What is sent: turns, the last content's parts, and how the reply shall look."""

    system_instruction: str
    history: tuple[Turn, ...]
    parts: tuple[str | FilePart, ...]
    max_output_tokens: int
    temperature: float
    schema: Mapping[str, Any] | None
    afterwards: tuple[Turn, ...] = field(default=())

    @cached_property
    def estimated_tokens(self) -> int:
        """Input tokens by the usual four bytes a token; files by their size."""
        texts = [self.system_instruction, *(turn.text for turn in self.history + self.afterwards)]
        texts += [part for part in self.parts if isinstance(part, str)]
        if self.schema is not None:
            texts.append(json.dumps(self.schema))
        size = sum(len(text.encode()) for text in texts)
        files = sum(
            max(_FEWEST_FILE_TOKENS, len(part.content) // 1024 * _TOKENS_PER_FILE_KILOBYTE)
            for part in self.parts
            if isinstance(part, FilePart)
        )
        return math.ceil(size / _CHARACTERS_PER_TOKEN) + files + _FRAME_TOKENS


def tokens_in(text: str) -> int:
    """About how many tokens a text has."""
    return math.ceil(len(text.encode()) / _CHARACTERS_PER_TOKEN)


def prompt_for(request: ModelRequest[Any]) -> Prompt:
    """The prompt of a request."""
    kind: type[BaseModel] | None = request.response_type
    return Prompt(
        system_instruction=request.system_instruction,
        history=request.history,
        parts=tuple(_part(part) for part in request.parts),
        max_output_tokens=request.max_output_tokens,
        temperature=request.temperature,
        schema=schema_of(kind) if kind is not None else None,
    )


def _part(part: DataPart | FilePart | str) -> str | FilePart:
    if isinstance(part, DataPart):
        return json.dumps(part.value, ensure_ascii=False)
    return part


@lru_cache(maxsize=64)
def schema_of(kind: type[BaseModel]) -> Mapping[str, Any]:
    """The JSON schema that a reply of this type has to fit."""
    return kind.model_json_schema()
