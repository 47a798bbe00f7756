"""Gives each JSON body an example, made of the examples, defaults and types in its schema."""

import hashlib
import uuid
from typing import Any

Schema = dict[str, Any]

_DEEPEST = 8
_MOMENT = "2026-03-14T09:26:53Z"
# What is null when all goes well.
_USUALLY_NULL = {
    "error",
    "error_code",
    "error_message",
    "next_cursor",
    "revoked_at",
    "revoked_reason",
    "waiting",
    "waiting_reason",
    "waiting_until",
}
_OF_NAME = {
    "criterion": "names the lower air pressure",
    "evidence": "because the air pressure is lower",
    "explanation": "Air pressure falls with height, and the boiling point with it.",
    "feedback": "Right: you named the lower air pressure.",
    "filename": "physics-lecture-7.pdf",
    "label": "vii",
    "language": "en",
    "model": "gemini-2.5-flash",
    "options": "The air pressure is lower.",
    "quote": "At lower pressure, water boils at less than 100 °C.",
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "stem": "Why does water boil earlier on a mountain?",
    "text": "At lower pressure, water boils at less than 100 °C.",
    "title": "Physics, lecture 7",
}
_OF_FORMAT = {
    "date-time": _MOMENT,
    "date": _MOMENT[:10],
    "uri": "https://example.org/",
    "email": "ada@example.com",
    "binary": "…",
}


def add_examples(document: dict[str, Any]) -> None:
    """Add what is missing to the bodies of requests and responses."""
    schemas = document["components"]["schemas"]
    for methods in document["paths"].values():
        for operation in methods.values():
            bodies = [operation.get("requestBody", {})]
            bodies += operation["responses"].values()
            for body in bodies:
                _add_to(body.get("content", {}), schemas)


def _add_to(content: dict[str, Any], schemas: Schema) -> None:
    for kind, media in content.items():
        known = "example" in media or "examples" in media
        if kind == "application/json" and media.get("schema") and not known:
            media["example"] = example_of(media["schema"], schemas)


def example_of(schema: Schema, schemas: Schema, name: str = "", depth: int = 0) -> Any:
    """A value that `schema` allows; `name` is the field it is for."""
    if "$ref" in schema:
        schema = {**schemas[schema["$ref"].rpartition("/")[2]], **_without(schema, "$ref")}
    if depth > _DEEPEST:
        return None
    for given in _given(schema):
        return given
    if "allOf" in schema:
        merged = {key: value for part in schema["allOf"] for key, value in part.items()}
        return example_of(merged, schemas, name, depth)
    choices = schema.get("anyOf") or schema.get("oneOf")
    if choices:
        return _of_choices(choices, schemas, name, depth)
    return _of_type(schema, schemas, name, depth)


def _without(schema: Schema, key: str) -> Schema:
    return {name: value for name, value in schema.items() if name != key}


def _given(schema: Schema) -> list[Any]:
    found = [*schema.get("examples", [])[:1]]
    found += [schema[key] for key in ("example", "const") if key in schema]
    found += schema.get("enum", [])[:1]
    if schema.get("default") is not None:
        found.append(schema["default"])
    return found


def _of_choices(choices: list[Schema], schemas: Schema, name: str, depth: int) -> Any:
    nullable = any(choice.get("type") == "null" for choice in choices)
    if nullable and name in _USUALLY_NULL:
        return None
    first = next((choice for choice in choices if choice.get("type") != "null"), choices[0])
    return example_of(first, schemas, name, depth)


def _of_type(schema: Schema, schemas: Schema, name: str, depth: int) -> Any:
    kind = schema.get("type", "object" if "properties" in schema else None)
    if kind == "object":
        return {
            key: example_of(value, schemas, key, depth + 1)
            for key, value in schema.get("properties", {}).items()
        }
    if kind == "array":
        item = example_of(schema.get("items", {}), schemas, name, depth + 1)
        return [] if item is None else [item] * max(schema.get("minItems", 1), 1)
    if kind == "string":
        return _text(schema, name)
    if kind in {"integer", "number"}:
        return max(schema.get("minimum", 1), 1)
    return True if kind == "boolean" else None


def _text(schema: Schema, name: str) -> str:
    if schema.get("format") == "uuid":
        return _identifier(name)
    if "format" in schema:
        return _OF_FORMAT.get(schema["format"], "text")
    return _OF_NAME.get(name, name.replace("_", " ") or "text")


def _identifier(name: str) -> str:
    """The same made-up UUIDv7 for the same field, everywhere."""
    digest = bytearray(hashlib.sha256(name.encode()).digest()[:16])
    digest[:6] = bytes.fromhex("019585c5ca48")
    digest[6] = 0x70 | digest[6] & 0x0F
    digest[8] = 0x80 | digest[8] & 0x3F
    return str(uuid.UUID(bytes=bytes(digest)))
