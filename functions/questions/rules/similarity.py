"""When two questions ask the same thing."""

import re
import unicodedata
from dataclasses import dataclass

_WORD = re.compile(r"[^\W_]+")
_FUNCTION_WORDS = frozenset(
    _WORD.findall(
        "a an and are as at be by did do does for from has have how in is it of on or that the"
        " this to was were what when where which who why with"
        " true false following statement complete sentence passage text according blank fill"
    )
)
SAME_STEM = 0.8
TELLING_WORDS = 4


def content_words(text: str) -> frozenset[str]:
    """The words of a text that carry its meaning, folded."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    words = frozenset(_WORD.findall(folded))
    return (words - _FUNCTION_WORDS) or words


def likeness(first: frozenset[str], second: frozenset[str]) -> float:
    """Jaccard's index of two sets of words: 0 nothing in common, 1 the same."""
    if not first and not second:
        return 1.0
    return len(first & second) / len(first | second)


@dataclass(frozen=True)
class Gist:
    """What a question is about: the content words of its stem and of its answer."""

    stem: frozenset[str]
    answer: frozenset[str]

    @classmethod
    def of(cls, stem: str, answer: str) -> "Gist":
        """The gist of a question with this stem and this answer in words ("" for true/false)."""
        return cls(content_words(stem), content_words(answer) if answer else frozenset())


def same_question(first: Gist, second: Gist) -> bool:
    """Whether two questions ask for the same.

    Stems alike to 0.8 are one question, unless they are too short to say what is asked ("Which
    statement about viruses is true?") and the answers differ. Half-alike stems are one question
    if their answers are the same.
    """
    stems = likeness(first.stem, second.stem)
    answered = bool(first.answer and second.answer)
    answers = likeness(first.answer, second.answer) if answered else 0.0
    if stems >= SAME_STEM:
        telling = min(len(first.stem), len(second.stem)) >= TELLING_WORDS
        return telling or not answered or answers >= 0.5
    return stems >= 0.5 and answers >= SAME_STEM
