"""Requests are checked field by field, and errors read like Google's."""

from typing import Any

import pytest

from scripts.gemini_emulator.api_errors import ApiError
from scripts.gemini_emulator.keys import ApiKey, KeyRing
from scripts.gemini_emulator.request_checks import check_generation, normalize, parse_json

CONTENTS = [{"role": "user", "parts": [{"text": "hi"}]}]


def refused(body: dict[str, Any]) -> ApiError:
    with pytest.raises(ApiError) as raised:
        check_generation(normalize(body, "GenerateContentRequest"))
    assert (raised.value.code, raised.value.status) == (400, "INVALID_ARGUMENT")
    return raised.value


def test_snake_case_names_are_read_as_camel_case() -> None:
    body = {"system_instruction": {"parts": {"text": "s"}}, "contents": CONTENTS}
    normalized = normalize(body, "GenerateContentRequest")
    assert normalized["systemInstruction"] == {"parts": [{"text": "s"}]}


def test_free_json_keeps_its_names() -> None:
    schema = {"type": "object", "properties": {"my_name": {"type": "string"}}}
    config = {"response_json_schema": schema}
    normalized = normalize({"generation_config": config}, "GenerateContentRequest")
    assert normalized["generationConfig"]["responseJsonSchema"] == schema


def test_every_unknown_field_is_named_with_its_place() -> None:
    error = refused({"contents": CONTENTS, "generationConfig": {"topX": 1}, "mood": "good"})
    violations = error.details[0]["fieldViolations"]
    assert violations[0] == {
        "field": "generation_config",
        "description": 'Invalid JSON payload received. Unknown name "topX" at '
        "'generation_config': Cannot find field.",
    }
    assert 'Unknown name "mood": Cannot find field.' in violations[1]["description"]


def test_a_value_of_a_wrong_type_is_named() -> None:
    error = refused({"contents": [{"parts": [{"text": 5}]}]})
    assert error.message == "Invalid value at 'contents[0].parts[0].text' (TYPE_STRING), 5"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({}, "contents is not specified"),
        ({"contents": []}, "contents is not specified"),
        ({"contents": [{"role": "user", "parts": []}]}, "contents.parts must not be empty"),
        ({"contents": [{"role": "user", "parts": [{}]}]}, "must have one initialized field"),
        ({"contents": [{"role": "wizard", "parts": [{"text": "x"}]}]}, "valid role: user, model"),
        ({"contents": CONTENTS, "generationConfig": {"temperature": 3}}, "range [0.0, 2.0]"),
        ({"contents": CONTENTS, "generationConfig": {"maxOutputTokens": -1}}, "maxOutputTokens"),
        (
            {"contents": CONTENTS, "generationConfig": {"responseJsonSchema": {}}},
            "response_mime_type must be application/json",
        ),
    ],
)
def test_values_that_make_no_sense_are_refused(body: dict[str, Any], told: str) -> None:
    assert told in refused(body).message


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'"x"', b"\xff"])
def test_what_is_no_json_object_is_an_invalid_payload(raw: bytes) -> None:
    with pytest.raises(ApiError, match="Invalid JSON payload received"):
        parse_json(raw)


def test_no_key_is_403_and_a_wrong_key_400() -> None:
    ring = KeyRing([ApiKey("a", "value", "p")])
    with pytest.raises(ApiError) as missing:
        ring.authenticate(None)
    with pytest.raises(ApiError) as wrong:
        ring.authenticate("other")
    assert (missing.value.code, missing.value.status) == (403, "PERMISSION_DENIED")
    assert (wrong.value.code, wrong.value.status) == (400, "INVALID_ARGUMENT")
    assert wrong.value.details[0]["reason"] == "API_KEY_INVALID"


def test_a_key_setting_names_alias_value_and_project() -> None:
    assert ApiKey.parse("first=AIza=x@shop") == ApiKey("first", "AIza=x", "shop")
    assert ApiKey.parse("first=AIza").project == "project-of-first"
    with pytest.raises(ValueError, match="alias=value@project"):
        ApiKey.parse("nonsense")


def test_keys_are_redacted_by_alias() -> None:
    ring = KeyRing([ApiKey("first", "AIza-secret-value", "p")])
    assert ring.redact("key AIza-secret-value!") == "key <first>!"
