"""Answers that need no model to be worth nothing: blank, mere punctuation, the question again."""

import re
import unicodedata
from enum import StrEnum

from functions.evaluation.rules.answers import is_blank
from functions.evaluation.rules.text_folding import fold_typing, loose_words

_SHORTEST_STEM = 12
_MARKS_ONLY = re.compile(r"[\s.,;:?!'\"()\[\]{}_~*/\\|-]+")

# The whole answer, loosely folded, must be one of these.
_SAYS_NOTHING = frozenset(
    loose_words(phrase)
    for phrase in (
        "I don't know",
        'I don"t know',
        "I dont know",
        "I do not know",
        "don't know",
        "dont know",
        "do not know",
        "idk",
        "dunno",
        "no idea",
        "I have no idea",
        "I am not sure",
        "I'm not sure",
        "not sure",
        "no clue",
        "je ne sais pas",
        "je sais pas",
        "aucune idée",
        "ich weiß nicht",
        "ich weiß es nicht",
        "weiß nicht",
        "keine Ahnung",
        "no sé",
        "no lo sé",
        "ni idea",
        "não sei",
        "eu não sei",
        "non lo so",
        "non so",
        "ik weet het niet",
        "nie wiem",
        "nevím",
        "bilmiyorum",
        "jag vet inte",
        "не знаю",
        "я не знаю",
        "δεν ξέρω",
        "לא יודע",
        "אני לא יודע",
        "لا أعرف",
        "لا أعلم",
        "لا ادري",
        "नहीं पता",
        "मुझे नहीं पता",
        "मुझे नहीं मालूम",
        "不知道",
        "我不知道",
        "分かりません",
        "わかりません",
        "知りません",
        "모르겠습니다",
        "몰라요",
    )
)


class ZeroReason(StrEnum):
    """Why an answer is worth nothing by rule."""

    BLANK = "blank"
    MARKS_ONLY = "marks_only"
    SAYS_NOTHING = "says_nothing"
    REPEATS_QUESTION = "repeats_question"


def zero_by_rule(answer: str | None, stem: str, reference_answer: str) -> ZeroReason | None:
    """The reason why a free answer earns 0 without a call, or None where a model must judge.

    An answer that the reference answer holds is never zeroed: the reference may be a mark or repeat
    the question.
    """
    if answer is None or is_blank(answer):
        return ZeroReason.BLANK
    words = loose_words(answer)
    if words in _SAYS_NOTHING:
        return None if words == loose_words(reference_answer) else ZeroReason.SAYS_NOTHING
    if _is_marks_only(answer):
        # "%" is a fair answer to "which operator …?" though it is nothing but a mark.
        held = fold_typing(answer) in fold_typing(reference_answer).rstrip(".")
        return None if held else ZeroReason.MARKS_ONLY
    if _repeats(words, loose_words(stem)) and words not in loose_words(reference_answer):
        return ZeroReason.REPEATS_QUESTION
    return None


def _is_marks_only(answer: str) -> bool:
    folded = fold_typing(answer)
    if _MARKS_ONLY.fullmatch(folded):
        return True
    # Symbols (Sm, Sc, So) can be an answer in mathematics; punctuation of any script is not words.
    return all(
        character.isspace() or unicodedata.category(character) in {"Po", "Ps", "Pe", "Pd", "Pc"}
        for character in folded
    )


def _repeats(words: str, stem: str) -> bool:
    """True for the stem itself, once or several times; not for a word chosen from it."""
    if len(stem) < _SHORTEST_STEM:
        return False
    times, rest = divmod(len(words) + 1, len(stem) + 1)
    return times >= 1 and rest == 0 and words == " ".join([stem] * times)
