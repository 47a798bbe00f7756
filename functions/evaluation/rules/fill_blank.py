"""Whether a filled-in word, phrase, number or formula is one of the accepted forms."""

import re
from dataclasses import dataclass
from enum import StrEnum

from functions.evaluation.rules.accepted_ranges import parse_ranges
from functions.evaluation.rules.letter_case import same_word
from functions.evaluation.rules.quantities import parse_quantity, same_quantity
from functions.evaluation.rules.text_folding import fold_typing, strip_accents
from functions.evaluation.rules.units import parse_unit

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
# A number stays whole with what is written to it: of 1.0e5 neither 1 nor 0e5 is compared alone.
_TOKEN = re.compile(r"\d(?:[\w.,]*\w)?|\w+(?:'[^\W\d_]+)?|\s+|.", re.DOTALL)
# No typing makes so much more of an accepted form; folding a long answer costs time.
_LONGER_BY, _LONGER_AT_LEAST = 8, 200
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
        if _within(accepted, answer, rules.language):
            return FillBlankMatch(accepted, MatchedBy.NUMBER)
        same = _same_number(accepted, answer, rules)
        if same:
            return FillBlankMatch(accepted, MatchedBy.NUMBER)
        # Two quantities that differ are no words: 5 Mbar and 5 mbar look alike.
        if same is None and _same_text(accepted, answer, rules):
            return FillBlankMatch(accepted, MatchedBy.TEXT)
    return None


def _within(accepted: str, answer: str, language: str) -> bool:
    """Whether the answer lies within the tolerance or the range that the accepted form names."""
    meant = parse_ranges(accepted, language)
    given = parse_quantity(answer, language) if meant else None
    if given is not None:
        return any(key.accepts(given) for key in meant)
    others = parse_ranges(answer, language) if meant else ()
    return any(key.accepts_range(other) for key in meant for other in others)


def _same_number(accepted: str, answer: str, rules: FillBlankRules) -> bool | None:
    """Whether both are the same quantity; None where one of them is none."""
    left = parse_quantity(accepted, rules.language)
    right = parse_quantity(answer, rules.language) if left is not None else None
    if left is None or right is None:
        return None
    return same_quantity(left, right, rules.tolerance)


def _same_text(accepted: str, answer: str, rules: FillBlankRules) -> bool:
    if len(" ".join(answer.split())) > _LONGER_BY * len(accepted) + _LONGER_AT_LEAST:
        return False
    left, right = _tokens(accepted, rules), _tokens(answer, rules)
    if not left or len(left) != len(right):
        return False
    return all(
        _same_unit(one, other)
        if before[0].isdigit() and _are_units(one, other)
        else _same_token(one, other, rules)
        for before, one, other in zip([" ", *left], left, right, strict=False)
    )


def _are_units(accepted: str, given: str) -> bool:
    return parse_unit(accepted) is not None and parse_unit(given) is not None


def _same_unit(accepted: str, given: str) -> bool:
    """After a number the case of a symbol counts: Mmol is not mmol."""
    return parse_unit(accepted) == parse_unit(given)


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
    return bool(_same_number(accepted, given, rules))
