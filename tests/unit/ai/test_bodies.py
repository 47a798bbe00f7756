import copy
import json

import pytest
from pydantic import ValidationError

from shared.ai.interface import FilePart, Turn, Usage
from shared.ai.prompt import Prompt
from shared.ai.reply_body import read_reply
from shared.ai.request_body import request_body


def prompt(**how) -> Prompt:
    return Prompt(
        **{
            "system_instruction": "Be brief.",
            "history": (Turn("user", "Hello"), Turn("model", "Hi")),
            "parts": ("What is this?", FilePart("image/png", b"\x89PNG")),
            "max_output_tokens": 50,
            "temperature": 0.5,
            "schema": {"type": "object"},
            "afterwards": (Turn("model", "{"), Turn("user", "That is no JSON.")),
            **how,
        }
    )


def test_a_request_holds_turns_parts_and_schema_in_their_order():
    body = request_body(prompt(), thinking_budget=0)
    assert json.loads(json.dumps(body)) == {
        "systemInstruction": {"parts": [{"text": "Be brief."}]},
        "contents": [
            {"role": "user", "parts": [{"text": "Hello"}]},
            {"role": "model", "parts": [{"text": "Hi"}]},
            {
                "role": "user",
                "parts": [
                    {"text": "What is this?"},
                    {"inlineData": {"mimeType": "image/png", "data": "iVBORw=="}},
                ],
            },
            {"role": "model", "parts": [{"text": "{"}]},
            {"role": "user", "parts": [{"text": "That is no JSON."}]},
        ],
        "generationConfig": {
            "temperature": 0.5,
            "maxOutputTokens": 50,
            "responseMimeType": "application/json",
            "responseJsonSchema": {"type": "object"},
            "thinkingConfig": {"thinkingBudget": 0},
        },
    }


def test_a_request_for_text_names_no_schema():
    generation = request_body(prompt(schema=None))["generationConfig"]
    assert generation == {"temperature": 0.5, "maxOutputTokens": 50}


def test_a_request_is_not_copied_on_its_way():
    body = request_body(prompt())
    assert copy.deepcopy({"extra_body": body})["extra_body"] is body


def test_a_reply_joins_its_parts_and_leaves_thoughts_out():
    read = read_reply(
        json.dumps(
            {
                "candidates": [
                    {
                        "content": {
                            "parts": [
                                {"text": "hmm", "thought": True},
                                {"text": "Re"},
                                {"text": "d."},
                            ],
                            "role": "model",
                        },
                        "finishReason": "STOP",
                        "somethingNew": 1,
                    }
                ],
                "usageMetadata": {
                    "promptTokenCount": 10,
                    "candidatesTokenCount": 3,
                    "cachedContentTokenCount": 4,
                    "thoughtsTokenCount": 2,
                },
            }
        )
    )
    assert (read.text, read.finish) == ("Red.", "STOP")
    assert read.usage == Usage(10, 3, 4, 2)


def test_a_blocked_prompt_is_told_by_its_reason():
    read = read_reply('{"promptFeedback": {"blockReason": "SAFETY"}}')
    assert (read.text, read.usage, read.finish) == ("", None, "BLOCKED:SAFETY")


@pytest.mark.parametrize("body", ["", "[]", "{", '{"candidates": 3}', "<html>"])
def test_anything_else_is_refused(body):
    with pytest.raises(ValidationError):
        read_reply(body)
