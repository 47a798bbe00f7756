"""Makes values conform to a JSON schema, or Google's subset of OpenAPI, as decoding does."""

from collections.abc import Mapping
from typing import Any

_DEPTH = 24


def conform(value: Any, schema: Mapping[str, Any]) -> Any:
    """`value` with the schema's properties only: the required ones always, others if not null."""
    return _conform(value, schema, schema, _DEPTH)


def minimal(schema: Mapping[str, Any]) -> Any:
    """The smallest value the schema allows."""
    return _minimal(schema, schema, _DEPTH)


def _resolve(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Mapping[str, Any]:
    for _ in range(_DEPTH):
        reference = schema.get("$ref") or schema.get("ref")
        if not isinstance(reference, str):
            return schema
        found: Any = root
        for name in reference.removeprefix("#/").split("/"):
            found = found.get(name, {}) if isinstance(found, Mapping) else {}
        schema = found if isinstance(found, Mapping) else {}
    return schema


def _type(schema: Mapping[str, Any]) -> str:
    declared = schema.get("type")
    if isinstance(declared, list):
        declared = next((name for name in declared if name != "null"), "null")
    if not declared and "properties" in schema:
        return "object"
    return str(declared or "").lower()


def _alternatives(schema: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    options = schema.get("anyOf") or schema.get("any_of") or schema.get("oneOf") or []
    return [option for option in options if isinstance(option, Mapping)]


def _conform(value: Any, schema: Mapping[str, Any], root: Mapping[str, Any], depth: int) -> Any:
    schema = _resolve(schema, root)
    options = [_resolve(option, root) for option in _alternatives(schema)]
    if options and depth:
        fitting = next((option for option in options if _fits(value, option)), options[0])
        return _conform(value, fitting, root, depth - 1)
    if value is None or not depth:
        return value
    if isinstance(value, list) and isinstance(schema.get("items"), Mapping):
        return [_conform(item, schema["items"], root, depth - 1) for item in value]
    properties = schema.get("properties")
    if not isinstance(value, Mapping) or not isinstance(properties, Mapping):
        return value
    return {
        name: (
            _conform(value[name], of, root, depth - 1)
            if name in value
            else _minimal(of, root, depth - 1)
        )
        for name, of in properties.items()
        if value.get(name) is not None or name in (schema.get("required") or [])
    }


def _fits(value: Any, schema: Mapping[str, Any]) -> bool:
    if value is None:
        return _type(schema) == "null"
    kinds: dict[str, type | tuple[type, ...]] = {
        "object": Mapping,
        "array": list,
        "string": str,
        "boolean": bool,
        "integer": int,
        "number": (int, float),
    }
    return isinstance(value, kinds.get(_type(schema), object))


def _minimal(schema: Mapping[str, Any], root: Mapping[str, Any], depth: int) -> Any:
    schema = _resolve(schema, root)
    fixed = [schema["const"]] if "const" in schema else schema.get("enum")
    if fixed:
        return fixed[0]
    options = _alternatives(schema)
    if options and depth:
        return _minimal(options[0], root, depth - 1)
    kind = _type(schema)
    if kind == "object":
        required = schema.get("required") or []
        properties = schema.get("properties") or {}
        return {
            name: _minimal(properties.get(name, {}), root, depth - 1) for name in required if depth
        }
    if kind == "array":
        fewest = int(schema.get("minItems") or schema.get("min_items") or 0)
        items = schema.get("items") or {}
        return [_minimal(items, root, depth - 1) for _ in range(min(fewest, 100)) if depth]
    return _minimal_scalar(kind, schema)


def _minimal_scalar(kind: str, schema: Mapping[str, Any]) -> Any:
    scalars: dict[str, Any] = {
        "integer": int(schema.get("minimum") or 0),
        "number": float(schema.get("minimum") or 0),
        "boolean": False,
        "null": None,
    }
    shortest = int(schema.get("minLength") or schema.get("min_length") or 1)
    return scalars.get(kind, "x" * max(1, shortest))
