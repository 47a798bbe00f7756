"""What a generateContent request asks for, read as a model would: from its parts alone."""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

from scripts.gemini_emulator.tasks.transcribe import Media
from scripts.gemini_emulator.tokens import TOKENS_PER_MEDIA_PAGE, count_tokens

_STANDARD_ALPHABET = str.maketrans("-_", "+/")
_DECODER = json.JSONDecoder()
_IDENTIFIERS = re.compile(r'"(?:id|ref|question_ref)"\s*:\s*"[^"]*"')


class TaskKind(StrEnum):
    GENERATE = "generate"
    SOLVE = "solve"
    GRADE = "grade"
    CHAT = "chat"
    TRANSCRIBE = "transcribe"
    STRUCTURED = "structured"
    PLAIN = "plain"
    EMBED = "embed"


@dataclass(frozen=True)
class Repair:
    bad_reply: str
    errors: tuple[str, ...]


@dataclass(frozen=True)
class Conversation:
    """The data parts of the turn that counts, and what stands around them."""

    kind: TaskKind
    data: Mapping[str, Any]
    text: str
    media: tuple[Media, ...]
    earlier_questions: tuple[str, ...]
    repair: Repair | None
    schema: Mapping[str, Any] | None
    max_output_tokens: int | None
    system_text: str

    @cached_property
    def fingerprint(self) -> str:
        """A hash of the content that random ids of answers and items don't change."""
        content = _IDENTIFIERS.sub("", self.text)
        digest = hashlib.blake2b(content.encode("utf-8", "surrogatepass"), digest_size=12)
        for part in self.media:
            digest.update(part.data)
        return digest.hexdigest()

    @cached_property
    def prompt_tokens(self) -> int:
        pages = sum(part.page_count for part in self.media)
        return (
            count_tokens(self.text)
            + count_tokens(self.system_text)
            + (pages * TOKENS_PER_MEDIA_PAGE)
        )


def read_conversation(body: Mapping[str, Any]) -> Conversation:
    """`body` has been checked and has camelCase names."""
    turns = body["contents"]
    texts = [[str(part["text"]) for part in turn["parts"] if "text" in part] for turn in turns]
    roles = [turn.get("role", "user") for turn in turns]
    config = body.get("generationConfig") or {}
    repair = _repair(roles, texts)
    media = tuple(_media(part) for turn in turns for part in turn["parts"] if "inlineData" in part)
    data = _data(roles, texts, is_repair=repair is not None)
    schema = config.get("responseJsonSchema") or config.get("responseSchema")
    return Conversation(
        kind=_kind(data, has_schema=bool(schema)),
        data=data,
        text="\n".join(text for turn in texts for text in turn),
        media=media,
        earlier_questions=_earlier_questions(roles, texts),
        repair=repair,
        schema=schema if isinstance(schema, Mapping) else None,
        max_output_tokens=config.get("maxOutputTokens"),
        system_text=_system_text(body.get("systemInstruction")),
    )


def _json_object(text: str) -> dict[str, Any] | None:
    """The JSON object a text part begins with; words may follow it."""
    stripped = text.lstrip()
    if not stripped.startswith("{"):
        return None
    try:
        value, _ = _DECODER.raw_decode(stripped)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _data(roles: list[str], texts: list[list[str]], *, is_repair: bool) -> dict[str, Any]:
    """All data parts of the first user turn if it is a repair, else of the last that has any."""
    user_turns = [texts[index] for index, role in enumerate(roles) if role != "model"]
    for turn in user_turns if is_repair else reversed(user_turns):
        found: dict[str, Any] = {}
        for text in turn:
            found |= _json_object(text) or {}
        if found:
            return found
    return {}


def _repair(roles: list[str], texts: list[list[str]]) -> Repair | None:
    if len(roles) < 3 or roles[-2:] != ["model", "user"]:
        return None
    for text in texts[-1]:
        errors = (_json_object(text) or {}).get("errors")
        if isinstance(errors, list):
            return Repair("\n".join(texts[-2]), tuple(map(str, errors)))
    return None


def _kind(data: Mapping[str, Any], *, has_schema: bool) -> TaskKind:
    if "questions" in data and "answers" in data:
        return TaskKind.GRADE
    if "passages" in data:
        for member, kind in (
            ("blueprint", TaskKind.GENERATE),
            ("items", TaskKind.SOLVE),
            ("question", TaskKind.CHAT),
        ):
            if member in data:
                return kind
    if isinstance(data.get("pages"), list):
        return TaskKind.TRANSCRIBE
    return TaskKind.STRUCTURED if has_schema else TaskKind.PLAIN


def _earlier_questions(roles: list[str], texts: list[list[str]]) -> tuple[str, ...]:
    asked: list[str] = []
    for role, turn in list(zip(roles, texts, strict=True))[:-1]:
        if role == "model":
            continue
        questions = [(_json_object(text) or {}).get("question") for text in turn]
        asked += [str(question) for question in questions if question] or turn[-1:]
    return tuple(asked)


def _media(part: Mapping[str, Any]) -> Media:
    inline = part["inlineData"]
    try:
        # Google takes both alphabets of Base64; its own client sends the one for URLs.
        encoded = str(inline.get("data", "")).translate(_STANDARD_ALPHABET)
        data = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=False)
    except (binascii.Error, ValueError):
        data = b""
    return Media(str(inline.get("mimeType", "")), data)


def _system_text(instruction: object) -> str:
    if not isinstance(instruction, Mapping):
        return ""
    parts = instruction.get("parts") or []
    return "\n".join(str(part.get("text", "")) for part in parts if isinstance(part, Mapping))
