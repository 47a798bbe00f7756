"""The words all grading rules share: verdicts, blank answers and languages."""

from enum import StrEnum
from typing import Any

from functions.evaluation.rules.text_folding import is_invisible


class Verdict(StrEnum):
    """How an answer stands to its maximum."""

    CORRECT = "correct"
    PARTIAL = "partial"
    INCORRECT = "incorrect"
    BLANK = "blank"


def is_blank(answer: Any) -> bool:
    """True for null, the empty string and a string of nothing visible."""
    if answer is None:
        return True
    if not isinstance(answer, str):
        return False
    return all(character.isspace() or is_invisible(character) for character in answer)


def verdict_of(score: float, max_score: float) -> Verdict:
    """The verdict of an answer that was not blank."""
    if score <= 0:
        return Verdict.INCORRECT
    return Verdict.CORRECT if score >= max_score else Verdict.PARTIAL


def primary_language(language: str | None) -> str:
    """The language subtag of a BCP 47 tag, lower-case: `pt-BR` is `pt`; unknown is `und`."""
    subtag = (language or "").replace("_", "-").split("-")[0].strip().lower()
    return subtag or "und"
