"""A cached grade is found again only where everything that it depends on is the same."""

import uuid
from dataclasses import replace
from typing import Any

import pytest

from functions.evaluation import cache_keys
from functions.evaluation.cache_keys import cache_address
from functions.evaluation.ports import AnswerToGrade, FreeQuestion, RubricCriterion

MODEL = "gemini-2.5-flash"
RUBRIC = (RubricCriterion("c1", "Says that it makes energy.", 2.0),)
QUESTION = FreeQuestion(
    id=uuid.UUID(int=1),
    tenant_id=uuid.UUID(int=2),
    version=1,
    stem="What does a mitochondrion do?",
    reference_answer="It makes the cell's energy.",
    rubric=RUBRIC,
    source_page=7,
    source_label="vii",
    source_quote="The mitochondrion makes the cell's energy.",
    language="en",
)


def answer(text: str = "It makes energy", **changes: Any) -> AnswerToGrade:
    return AnswerToGrade(uuid.uuid4(), replace(QUESTION, **changes), text)


@pytest.mark.parametrize(
    "changes",
    [
        {"tenant_id": uuid.UUID(int=3)},
        {"id": uuid.UUID(int=4)},
        {"version": 2},
        {"stem": "What does a nucleus do?"},
        {"reference_answer": "It stores the cell's genes."},
        {"rubric": (replace(RUBRIC[0], criterion="Says that it stores genes."),)},
        {"rubric": (replace(RUBRIC[0], points=3.0),)},
        {"rubric": (replace(RUBRIC[0], id="c2"),)},
        {"language": "en-GB"},
        {"language": None},
    ],
)
def test_whatever_a_grade_depends_on_parts_addresses(changes: dict[str, Any]) -> None:
    here, elsewhere = cache_address(answer(), MODEL), cache_address(answer(**changes), MODEL)

    assert here.key != elsewhere.key
    assert here.scope != elsewhere.scope


def test_another_model_or_prompt_finds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    here = cache_address(answer(), MODEL)

    assert cache_address(answer(), "another-model").key != here.key
    monkeypatch.setattr(cache_keys, "PROMPT_VERSION", "another-prompt")
    assert cache_address(answer(), MODEL).key != here.key


def test_equal_answers_of_two_learners_have_one_address() -> None:
    assert cache_address(answer("It makes energy."), MODEL) == cache_address(answer(), MODEL)


def test_different_answers_share_a_scope_but_no_key() -> None:
    left, right = cache_address(answer(), MODEL), cache_address(answer("It makes none"), MODEL)

    assert left.scope == right.scope
    assert left.key != right.key
