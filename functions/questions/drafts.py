"""The form of the model's reply: proposals for questions, unchecked."""

from typing import Literal

from pydantic import BaseModel, Field
from pydantic_core import from_json


class DraftCriterion(BaseModel):
    """One criterion of a proposed rubric."""

    criterion: str = Field(description="What a good answer states, in one sentence.")
    points: float = Field(description="Points for meeting it, 0.5 to 5.")


class DraftQuestion(BaseModel):
    """One proposed question. Only the fields of its own type are filled in."""

    slot: int = Field(description="The number of the blueprint slot that this question fills.")
    type: Literal["mcq", "true_false", "short_answer", "fill_blank"]
    stem: str = Field(description="The question; for fill_blank a sentence with one _____ gap.")
    options: list[str] | None = Field(default=None, description="mcq: exactly four options.")
    correct_option: int | None = Field(default=None, description="mcq: the key's index from 0.")
    correct_boolean: bool | None = Field(default=None, description="true_false: the key.")
    reference_answer: str | None = Field(
        default=None, description="short_answer: a full answer in one to three sentences."
    )
    accepted_answers: list[str] | None = Field(
        default=None, description="fill_blank: every wording of the gap that is right."
    )
    page: int = Field(description="The page that the quote stands on.")
    quote: str = Field(description="The sentence of that page that proves the key, verbatim.")
    explanation: str = Field(description="Why the key is right, in one or two sentences.")
    option_feedback: list[str] | None = Field(
        default=None, description="mcq: for each option why it is right or wrong."
    )
    rubric: list[DraftCriterion] | None = Field(
        default=None, description="short_answer: two or three criteria."
    )


class DraftReply(BaseModel):
    """All questions that one call proposes."""

    questions: list[DraftQuestion]


def whole_drafts(cut_text: str) -> list[DraftQuestion]:
    """The questions of a reply that broke off, up to the one in which it did."""
    try:
        read = from_json(cut_text, allow_partial=True)
        return DraftReply.model_validate({"questions": read["questions"][:-1]}).questions
    except (ValueError, KeyError, TypeError):
        return []


class Solution(BaseModel):
    """The solver's answer to one question. Only the field of the question's type is filled in."""

    id: str = Field(description="The item's id.")
    option: int | None = Field(default=None, description="mcq: the right option's index from 0.")
    boolean: bool | None = Field(default=None, description="true_false: whether it is true.")
    text: str | None = Field(
        default=None,
        description="fill_blank: the words of the gap; short_answer: one to three sentences.",
    )


class SolutionReply(BaseModel):
    """The solver's answers to all items."""

    solutions: list[Solution]
