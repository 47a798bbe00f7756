"""Structured replies: what is accepted, what is asked again, and what is given up."""

import json

import pytest
from pydantic import BaseModel, Field

from shared.ai.interface import Turn
from shared.ai.prompt import Prompt
from shared.ai.repair import Broken, checked, repair_prompt


class Item(BaseModel):
    stem: str
    points: int = Field(ge=1)


class Quiz(BaseModel):
    items: list[Item]


PROMPT = Prompt("be brief", (), ("{}", "do it"), 100, 0.0, Quiz.model_json_schema())


def test_a_fitting_reply_becomes_the_object():
    quiz = checked('{"items": [{"stem": "a", "points": 2}]}', Quiz)
    assert quiz.items[0].points == 2


def test_a_fence_around_the_json_is_forgiven():
    assert checked('```json\n{"items": []}\n```', Quiz) == Quiz(items=[])


def test_errors_say_where_and_how():
    with pytest.raises(Broken) as caught:
        checked('{"items": [{"stem": "a", "points": 0}, {"points": 1}]}', Quiz)
    assert caught.value.errors[0].startswith("items.0.points: ")
    assert caught.value.errors[1].startswith("items.1.stem: ")


def test_cut_json_is_broken_too():
    with pytest.raises(Broken):
        checked('{"items": [{"stem"', Quiz)


def test_a_repair_repeats_the_task_and_names_the_errors():
    repaired = repair_prompt(PROMPT, "bad", ["items.0: wrong"])
    assert repaired.parts == PROMPT.parts
    model, user = repaired.afterwards
    assert model == Turn("model", "bad")
    assert json.loads(user.text.splitlines()[0]) == {"errors": ["items.0: wrong"]}


def test_the_token_estimate_grows_with_the_text():
    longer = Prompt("be brief", (), ("{}", "do it" * 1000), 100, 0.0, None)
    assert longer.estimated_tokens > PROMPT.estimated_tokens > 8
