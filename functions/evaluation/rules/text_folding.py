"""Folds how text is typed, never what it says: Unicode form, width, marks, white space."""

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache

# Two characters beyond Unicode's format category that show nothing: fillers used to hide text.
_INVISIBLE_FILLERS = frozenset("\u115f\u1160\u3164\uffa0\u2800\u034f\u17b4\u17b5")
# Joiners decide which word is written in Persian and in Indic scripts.
_JOINERS = frozenset("\u200c\u200d")
# Direction marks and joiners belong to how some languages are written.
_SPELT = _JOINERS | frozenset("\u200e\u200f")
_TATWEEL = "\u0640"

_MARKS = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u02bc\u00b4\u0060", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63", "-"),
        "\u2026": "...",
        "\u2044": "/",
        "\u2215": "/",
        "\u2236": ":",
        "\ufb00": "ff",
        "\ufb01": "fi",
        "\ufb02": "fl",
        "\ufb03": "ffi",
        "\ufb04": "ffl",
        "\ufb05": "st",
        "\ufb06": "st",
        "\u00b5": "\u03bc",
        "\u2126": "\u03a9",
        "\u212b": "\u00c5",
        "\u212a": "K",
    }
)
_WHITE_SPACE = re.compile(r"\s+")


class CharacterTable(dict[int, str]):
    """What each character becomes, for `str.translate`; worked out when a character first comes.

    Not more than `most` characters are remembered, whatever a learner types.
    """

    def __init__(self, become: Callable[[str], str], most: int = 4096) -> None:
        super().__init__()
        self._become = become
        self._most = most

    def __missing__(self, code: int) -> str:
        became = self._become(chr(code))
        if len(self) < self._most:
            self[code] = became
        return became


@lru_cache(maxsize=4096)
def is_invisible(character: str) -> bool:
    """True for format characters and fillers, which a reader can't see."""
    return character in _INVISIBLE_FILLERS or unicodedata.category(character) == "Cf"


def visible(text: str) -> str:
    """The text without what shows nothing but may turn round or hide what stands beside it."""
    return "".join(one for one in text if one in _SPELT or not is_invisible(one))


def fold_typing(text: str) -> str:
    """NFC text with one width, plain quotes and dashes, single spaces and nothing invisible.

    Superscripts, fractions, combining marks and case stay: they carry meaning.
    """
    folded = unicodedata.normalize("NFC", text).translate(_ONE_WIDTH)
    visible = unicodedata.normalize("NFC", folded).translate(_VISIBLE)
    return _WHITE_SPACE.sub(" ", visible).strip()


def strip_accents(text: str) -> str:
    """Latin letters without their marks; letters of every other script as they are."""
    return "".join(_without_accent(character) for character in text)


def lower(text: str, language: str) -> str:
    """Lower case by the language's rules; ß stays ß, since Maße are not Masse."""
    if language in {"tr", "az"}:
        text = text.replace("\u0130", "i").replace("I", "\u0131")
    return text.lower().replace("\u03c2", "\u03c3")


def loose_words(text: str) -> str:
    """Case, compatibility forms and punctuation folded: to find words, not to compare meaning."""
    folded = unicodedata.normalize("NFKC", fold_typing(text)).casefold()
    return _WHITE_SPACE.sub(" ", folded.translate(_WORDS_ONLY)).strip()


def _fold_width(character: str) -> str:
    if unicodedata.decomposition(character).startswith(("<wide>", "<narrow>")):
        return unicodedata.normalize("NFKC", character)
    return character


def _stays(character: str) -> bool:
    if character == _TATWEEL:
        return False
    if character in _JOINERS:
        return True
    if is_invisible(character):
        return False
    return unicodedata.category(character) != "Cc" or character.isspace()


def _without_accent(character: str) -> str:
    decomposed = unicodedata.normalize("NFD", character)
    return decomposed[0] if decomposed[0].isascii() and decomposed[0].isalpha() else character


def _is_of_a_word(character: str) -> bool:
    return unicodedata.category(character)[0] in "LNMS"


def _in_plain_marks(character: str) -> str:
    marked = _MARKS.get(ord(character))
    if marked is not None:
        return marked
    return character if _stays(character) else ""


_ONE_WIDTH = CharacterTable(_fold_width)
_VISIBLE = CharacterTable(_in_plain_marks)
_WORDS_ONLY = CharacterTable(lambda one: one if _is_of_a_word(one) else " ")
