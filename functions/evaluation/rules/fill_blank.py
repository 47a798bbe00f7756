"""Whether a filled-in word, phrase, number or formula is one of the accepted forms."""

import re
from dataclasses import dataclass
from enum import StrEnum

from functions.evaluation.rules.letter_case import same_word
from functions.evaluation.rules.quantities import parse_quantity, same_quantity
from functions.evaluation.rules.text_folding import fold_typing, strip_accents

# Where accents are spelling and never tell words apart; in French pêche and péché are two things.
ACCENT_FREE_LANGUAGES = frozenset({"en", "id", "la", "ms", "sw", "tl"})
_ARTICLES = {
    "en": ("the", "a", "an"),
    "fr": ("le", "la", "les", "un", "une"),
    "de": ("der", "die", "das", "ein", "eine"),
    "es": ("el", "la", "los", "las", "un", "una"),
    "it": ("il", "lo", "la", "i", "gli", "le", "un", "una"),
    "pt": ("o", "a", "os", "as", "um", "uma"),
}
# "a few" are some, "few" are hardly any.
_ARTICLE_DECIDES = frozenset({"few", "little", "lot"})
_HYPHEN_IN_WORD = re.compile(r"(?<=[^\W\d_]{2})-(?=[^\W\d_]{2})")
_TOKEN = re.compile(r"\d[\d.,]*(?!\w)|\w+(?:'[^\W\d_]+)?|\s+|.", re.DOTALL)
_SENTENCE_END = " .,;:"


class MatchedBy(StrEnum):
    """Which comparison found the accepted form."""

    TEXT = "text"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class FillBlankMatch:
    """The accepted form that an answer is, and how that was seen."""

    accepted: str
    matched_by: MatchedBy


@dataclass(frozen=True, slots=True)
class FillBlankRules:
    """How loosely to compare. `tolerance` is relative; `fold_accents` None asks the language."""

    language: str
    tolerance: float = 0.0
    fold_accents: bool | None = None

    @property
    def accents_fold(self) -> bool:
        """Whether é may be typed as e."""
        if self.fold_accents is None:
            return self.language in ACCENT_FREE_LANGUAGES
        return self.fold_accents


def match_fill_blank(
    accepted_forms: tuple[str, ...], answer: str, rules: FillBlankRules
) -> FillBlankMatch | None:
    """The first accepted form that the answer equals, or None."""
    for accepted in accepted_forms:
        if _same_number(accepted, answer, rules):
            return FillBlankMatch(accepted, MatchedBy.NUMBER)
        if _same_text(accepted, answer, rules):
            return FillBlankMatch(accepted, MatchedBy.TEXT)
    return None


def _same_number(accepted: str, answer: str, rules: FillBlankRules) -> bool:
    left = parse_quantity(accepted, rules.language)
    right = parse_quantity(answer, rules.language) if left is not None else None
    return left is not None and right is not None and same_quantity(left, right, rules.tolerance)


def _same_text(accepted: str, answer: str, rules: FillBlankRules) -> bool:
    left, right = _tokens(accepted, rules), _tokens(answer, rules)
    if not left or len(left) != len(right):
        return False
    return all(_same_token(one, other, rules) for one, other in zip(left, right, strict=True))


def _tokens(text: str, rules: FillBlankRules) -> list[str]:
    folded = _HYPHEN_IN_WORD.sub(" ", fold_typing(text))
    folded = folded.rstrip(_SENTENCE_END) or folded
    if rules.accents_fold:
        folded = strip_accents(folded)
    words = [token for token in _TOKEN.findall(folded) if not token.isspace()]
    articles = _ARTICLES.get(rules.language, ())
    if len(words) < 2 or words[0].lower() not in articles or len(words[1]) < 3:
        return words
    return words if words[1].lower() in _ARTICLE_DECIDES else words[1:]


def _same_token(accepted: str, given: str, rules: FillBlankRules) -> bool:
    if accepted == given or same_word(accepted, given, rules.language):
        return True
    if not (accepted[0].isdigit() and given[0].isdigit()):
        return False
    return _same_number(accepted, given, rules)
