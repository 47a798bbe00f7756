"""The canonical form of an English answer: tokens with their harmless differences folded."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from functions.evaluation.rules.english_folding import (
    ACRONYMS,
    ANSWERS_BY_THEMSELVES,
    ARTICLE_MAY_FOLLOW,
    ARTICLE_MAY_FOLLOW_UNLESS_PAST,
    ARTICLE_NEVER_BEFORE,
    ARTICLES,
    CAPITAL_MATTERS,
    COMMA_IDLE_BEFORE,
    CONTRACTIONS,
    FUNCTION_WORDS,
    LABELLED,
    LABELS_JOINED_BY,
    NUMBER_WORDS,
    OPENING,
    SAID_OF_ONESELF,
    SPELLINGS,
    STATEMENT_BEGINS,
)
from functions.evaluation.rules.formula_notation import fold_formulas

_TOKEN = re.compile(r"\w+(?:['.,](?=\w)\w+)*'?|[()\[\]{}]|[^\w\s()\[\]{}]+")
_QUOTE_FOR_APOSTROPHE = re.compile(r"(?<=[A-Za-z])\"(?=(?:t|s|re|ll|ve|m|nt)\b)")
_HYPHEN_IN_WORD = re.compile(r"(?<=[a-z]{2})-(?=[a-z]{2})")
_UNIT_AT_NUMBER = re.compile(r"(?<=\d)(?=(?:[kcmnμ]?[gmLVAWJN]|[kM]?Hz|ms|m?mol|volts?)\b)")
_WORD = re.compile(r"[A-Za-z]+(?:'[A-Za-z]+)?")
# Genotypes (AABB) and base sequences (GATT) are words of chosen capitals.
_CHOSEN_CAPITALS = re.compile(r"(?:([A-Z])\1)+|[ACGTUN]+")
_LABEL = re.compile(r"[a-z]|\d{1,2}")
_FULL_STOPS = frozenset({".", "..", "...", "...."})
# A question mark stays: an asked answer is not a stated one.
_OTHER_PAUSES = frozenset({";", ":", "!", "!!", "!!!"})
_SENTENCE = "."


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    space_before: bool
    space_after: bool

    @property
    def is_word(self) -> bool:
        return _WORD.fullmatch(self.text) is not None


def canonical_english(text: str) -> str:
    """The key of an English text whose typing is folded already (see `fold_typing`)."""
    text = _HYPHEN_IN_WORD.sub(" ", _QUOTE_FOR_APOSTROPHE.sub("'", fold_formulas(text)))
    tokens = _without_pauses(_tokens(_UNIT_AT_NUMBER.sub(" ", text)))
    words = [word for position in range(len(tokens)) for word in _spelled(tokens, position)]
    canonical = " ".join(_without_articles(_with_short_lists(_without_opening_that(words))))
    return OPENING.sub("", canonical, count=1)


def _tokens(text: str) -> list[_Token]:
    return [
        _Token(
            match[0],
            space_before=match.start() == 0 or text[match.start() - 1] == " ",
            space_after=match.end() == len(text) or text[match.end()] == " ",
        )
        for match in _TOKEN.finditer(text)
    ]


def _without_pauses(tokens: list[_Token]) -> list[_Token]:
    """Punctuation that only parts words away; between sentences it becomes one full stop."""
    kept: list[_Token] = []
    for position, token in enumerate(tokens):
        before = tokens[position - 1] if position else None
        after = tokens[position + 1] if position + 1 < len(tokens) else None
        mark = _pause(token, before, after, len(tokens))
        if mark is None:
            kept.append(token)
        elif mark:
            kept.append(_Token(mark, space_before=False, space_after=True))
    return kept


def _pause(
    token: _Token, before: _Token | None, after: _Token | None, token_count: int
) -> str | None:
    """What a pause is written as, "" for nothing; None where the token is no pause."""
    if before is None or token.space_before or not token.space_after:
        return None
    if token.text == ",":
        return _comma(before, after)
    if token.text in _OTHER_PAUSES:
        # Short answers may be code or mathematics: sort!, n!, return;
        idle = before.is_word and len(before.text) >= 3 and token_count >= 4
    else:
        # "3." is a number of its own kind in some languages.
        idle = token.text in _FULL_STOPS and (before.is_word or token_count >= 3)
    if not idle or not before.text[0].isalnum():
        return None
    return "" if after is None else _SENTENCE


def _comma(before: _Token, after: _Token | None) -> str | None:
    if after is None:
        return ""
    if before.text.lower() in ANSWERS_BY_THEMSELVES or not after.is_word:
        return None
    return "" if after.text.lower() in COMMA_IDLE_BEFORE else None


def _spelled(tokens: Sequence[_Token], position: int) -> list[str]:
    """One token in the case and the spelling that the key uses; contractions become words."""
    token = tokens[position]
    if not token.is_word:
        return [token.text]
    if len(token.text) == 1 and _is_label(tokens, position):
        return [token.text.lower()]
    starts = position == 0 or tokens[position - 1].text == _SENTENCE
    following = tokens[position + 1].text.lower() if position + 1 < len(tokens) else ""
    word = _folded_case(token.text, following, starts=starts and len(tokens) > 1)
    word = SPELLINGS.get(word, word)
    word = CONTRACTIONS.get(word, word)
    return [NUMBER_WORDS.get(part, part) for part in word.split(" ")]


def _is_label(tokens: Sequence[_Token], position: int) -> bool:
    """Whether a letter tells which of some things is meant: bulb A, bulbs a, b and c."""
    while position > 0:
        before = tokens[position - 1].text.lower()
        if before in LABELLED:
            return True
        # A list goes on: letter, "and" or a comma, letter.
        listed = before in LABELS_JOINED_BY and position > 1 and len(tokens[position - 2].text) == 1
        if not listed:
            return False
        position -= 2
    return False


def _without_opening_that(words: Sequence[str]) -> Sequence[str]:
    """ "That they are open" is "they are open"; "that opens it" is not "opens it"."""
    opens = len(words) > 2 and words[0] == "that" and words[1] in STATEMENT_BEGINS
    return words[1:] if opens else words


def _with_short_lists(words: Sequence[str]) -> list[str]:
    """Bulb a and bulb c, and bulbs a and c, are bulb a and c; a single label stays as it is."""
    short: list[str] = []
    position = 0
    while position < len(words):
        labels, end = _labels(words, position)
        if len(labels) > 1:
            short += [LABELLED[words[position]], *labels]
            position = end
        else:
            short.append(words[position])
            position += 1
    return short


def _labels(words: Sequence[str], position: int) -> tuple[list[str], int]:
    """The labels of a thing with what joins them, and where they end."""
    noun = LABELLED.get(words[position])
    if noun is None or not _LABEL.fullmatch(_at(words, position + 1)):
        return [], position
    labels, end = [words[position + 1]], position + 2
    while _at(words, end) in LABELS_JOINED_BY:
        next_label = end + 1 + (LABELLED.get(_at(words, end + 1)) == noun)
        if not _LABEL.fullmatch(_at(words, next_label)):
            break
        labels += [words[end], words[next_label]]
        end = next_label + 1
    return labels, end


def _at(words: Sequence[str], position: int) -> str:
    return words[position] if position < len(words) else ""


def _folded_case(word: str, following: str, *, starts: bool) -> str:
    small = word.lower()
    if word == small or (small in ACRONYMS and word.isupper()):
        return small
    title = word == word.capitalize()
    if small == "i":
        return small if following in SAID_OF_ONESELF else word
    if small == "a":
        # "A cell divides" begins with an article, "A is dominant" with an allele.
        article = len(following) >= 3 and following not in ARTICLE_NEVER_BEFORE
        return small if starts and article else word
    if len(word) == 1:
        # V is not v, nor K k, also where a sentence begins with it.
        folds = False
    elif small in CAPITAL_MATTERS:
        folds = title and starts
    elif len(word) <= 3:
        folds = title and (starts or (len(word) == 3 and small in FUNCTION_WORDS))
    else:
        # AIDS are not aids; longer words in capitals are only loud.
        loud = word.isupper() and len(word) >= 5 and not _CHOSEN_CAPITALS.fullmatch(word)
        folds = title or loud
    # The case of contractions never matters, whatever their length.
    return small if folds or small in CONTRACTIONS else word


def _without_articles(words: Sequence[str]) -> Iterator[str]:
    for position, word in enumerate(words):
        before = words[position - 1] if position else _SENTENCE
        after = words[position + 1] if position + 1 < len(words) else ""
        if not _is_idle_article(word, before, after):
            yield word


def _is_idle_article(word: str, before: str, after: str) -> bool:
    if word in ARTICLES:
        return _WORD.match(after) is not None or (after.isdigit() and after != "1")
    if word != "a" or len(after) < 3 or not after.islower() or after in ARTICLE_NEVER_BEFORE:
        return False
    # A third person or a past tense behind "a" makes it a label: "b insulates and a conducts".
    if after.endswith("s") and not after.endswith("ss"):
        return False
    if before in ARTICLE_MAY_FOLLOW:
        return True
    return before in {_SENTENCE, *ARTICLE_MAY_FOLLOW_UNLESS_PAST} and not after.endswith("ed")
