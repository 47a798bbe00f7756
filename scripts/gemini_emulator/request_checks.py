"""Checks a request body as Google does and gives it back with camelCase names."""

import json
import re
from collections.abc import Mapping
from typing import Any

from scripts.gemini_emulator.api_errors import TYPE, ApiError, invalid_argument, invalid_field
from scripts.gemini_emulator.request_fields import MESSAGES, Field

_CAPITAL = re.compile(r"(?<=[a-z0-9])([A-Z])")
_UNDERSCORE = re.compile(r"_([a-z0-9])")
_PACKAGE = "type.googleapis.com/google.ai.generativelanguage.v1beta."
_INT_RANGE = 2**31


def parse_json(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw)
    except ValueError as error:
        description = f"Invalid JSON payload received. {error}"
        raise invalid_field("", description) from error
    if not isinstance(body, dict):
        description = "Invalid JSON payload received. Root element must be a message."
        raise invalid_field("", description)
    return body


def normalize(body: Mapping[str, Any], message: str) -> dict[str, Any]:
    """Raises 400 naming every unknown field and every value of a wrong type."""
    violations: list[tuple[str, str]] = []
    normalized = _message(body, message, "", violations)
    if violations:
        raise _bad_request(violations)
    return normalized


def _bad_request(violations: list[tuple[str, str]]) -> ApiError:
    listed = [
        {"field": field, "description": text} if field else {"description": text}
        for field, text in violations
    ]
    return ApiError(
        400,
        "\n".join(text for _, text in violations),
        [{"@type": TYPE + "BadRequest", "fieldViolations": listed}],
    )


def _message(
    value: Mapping[str, Any], name: str, path: str, violations: list[tuple[str, str]]
) -> dict[str, Any]:
    fields = MESSAGES[name]
    normalized: dict[str, Any] = {}
    for given, content in value.items():
        json_name = _UNDERSCORE.sub(lambda match: match.group(1).upper(), given)
        field = fields.get(json_name)
        if field is None:
            place = f" at '{path}'" if path else ""
            text = f'Invalid JSON payload received. Unknown name "{given}"{place}: '
            violations.append((path, text + "Cannot find field."))
        elif content is not None:
            own = _CAPITAL.sub(lambda match: "_" + match.group(1).lower(), json_name)
            full = f"{path}.{own}" if path else own
            normalized[json_name] = _repeated(content, field, full, violations)
    return normalized


def _repeated(value: Any, field: Field, path: str, violations: list[tuple[str, str]]) -> Any:
    if not field.repeated:
        if isinstance(value, list) and field.type != "any":
            name = path.rpartition(".")[2]
            text = f'Invalid JSON payload received. Unknown name "{name}" at '
            text += f"'{path.rpartition('.')[0]}': Proto field is not repeating, cannot start list."
            violations.append((path.rpartition(".")[0], text))
            return value
        return _single(value, field.type, path, violations)
    # One object where a list belongs is accepted: Google's own examples do it.
    items = value if isinstance(value, list) else [value]
    return [
        _single(item, field.type, f"{path}[{index}]", violations)
        for index, item in enumerate(items)
    ]


def _single(value: Any, kind: str, path: str, violations: list[tuple[str, str]]) -> Any:
    if kind == "any":
        return value
    if kind in MESSAGES:
        if isinstance(value, Mapping):
            return _message(value, kind, path, violations)
        violations.append((path, f"Invalid value at '{path}' ({_PACKAGE}{kind}), {_show(value)}"))
        return value
    if not _is_scalar(value, kind):
        proto = {"string": "TYPE_STRING", "bool": "TYPE_BOOL", "int": "TYPE_INT32"}
        declared = proto.get(kind, "TYPE_FLOAT")
        violations.append((path, f"Invalid value at '{path}' ({declared}), {_show(value)}"))
    return int(value) if kind == "int" and isinstance(value, float) else value


def _is_scalar(value: Any, kind: str) -> bool:
    if kind == "string":
        return isinstance(value, str)
    if kind == "bool":
        return isinstance(value, bool)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return kind == "number" or (value == int(value) and abs(value) < _INT_RANGE)


def _show(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)[:200]


def check_generation(body: Mapping[str, Any], message: str = "GenerateContentRequest") -> None:
    """The rules about values that Google answers with plain INVALID_ARGUMENT."""
    contents = body.get("contents")
    if not contents:
        raise invalid_argument(f"* {message}.contents: contents is not specified\n")
    for index, content in enumerate(contents):
        if content.get("role", "user") not in ("user", "model", "function", ""):
            raise invalid_argument("Please use a valid role: user, model.")
        _check_parts(content, f"{message}.contents[{index}]")
    _check_config(body.get("generationConfig") or {}, f"{message}.generation_config")


def _check_parts(content: Mapping[str, Any], path: str) -> None:
    parts = content.get("parts")
    if not parts:
        raise invalid_argument(f"* {path}.parts: contents.parts must not be empty.\n")
    for index, part in enumerate(parts):
        data = [name for name in part if name not in ("thought", "thoughtSignature")]
        if not data:
            raise invalid_argument(
                f"* {path}.parts[{index}].data: required oneof field 'data' must have one "
                "initialized field\n"
            )
        blob = part.get("inlineData")
        if blob is not None and not blob.get("mimeType"):
            raise invalid_argument(
                f"* {path}.parts[{index}].inline_data.mime_type: mime_type must not be empty\n"
            )


def _check_config(config: Mapping[str, Any], path: str) -> None:
    ranges = {"temperature": (0.0, 2.0), "topP": (0.0, 1.0)}
    for name, (low, high) in ranges.items():
        value = config.get(name)
        if value is not None and not low <= value <= high:
            own = _CAPITAL.sub(lambda match: "_" + match.group(1).lower(), name)
            raise invalid_argument(f"* {path}.{own}: {own} must be in the range [{low}, {high}].\n")
    limit = config.get("maxOutputTokens")
    if limit is not None and not 0 < limit <= 65_536:
        raise invalid_argument(
            "Unable to submit request because it has a maxOutputTokens value of "
            f"{limit} but the supported range is from 1 (inclusive) to 65537 (exclusive). "
            "Update the value and try again."
        )
    schemas = [name for name in ("responseSchema", "responseJsonSchema") if name in config]
    if len(schemas) == 2:
        raise invalid_argument(
            f"* {path}.response_json_schema: only one of response_schema and "
            "response_json_schema may be set.\n"
        )
    if schemas and config.get("responseMimeType") not in ("application/json", "text/x.enum"):
        raise invalid_argument(
            f"* {path}.response_mime_type: response_mime_type must be application/json or "
            "text/x.enum when a response schema is set.\n"
        )
