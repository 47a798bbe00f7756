"""Finds the terms of a text that a question can ask for, by their kind."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from scripts.gemini_emulator.language.words import FUNCTION_WORDS, IDEOGRAPHS

_TOKEN = re.compile(
    rf"[{IDEOGRAPHS}]+|\d[\d.,]*\d|\d+|[^\W\d_{IDEOGRAPHS}](?:[\w'’\-‐](?<![{IDEOGRAPHS}]))*|[^\w\s]"
)
_YEAR = re.compile(r"1[5-9]\d\d|20\d\d")
_NUMBER = re.compile(r"\d[\d.,]*")
_WIDE = re.compile(rf"[{IDEOGRAPHS}]+")
_WIDE_PARTICLES = re.compile(
    "[的是在和了与或把被为对从到中也有用于の はがをにでとものはます一种进行过程]+"
)
_LEADS = frozenset(
    """
    a an the of in by with into from as and or these their its for between called on through
    within der die das ein eine und oder von mit im le la les un une des du de et ou par el los
    las y o con
    """.split()  # noqa: SIM905
)
_ARTICLES = frozenset(["a", "an", "the", "its", "their", "this", "these", "his", "her"])
_ADJECTIVE = re.compile(r".*(ous|ive|al|ic|ble|ary|ful|less|ory|ish|ant|ar)$")
_VERBAL = re.compile(r".*(ed|ing|ize|ise|ify|izes|ifies)$")
_ADVERB = re.compile(r".*ly$")
PLAIN_WORDS = frozenset(
    """
    occurs occur begins begin results leads requires require contains contain causes forms acts act
    remains remain interacts arises arise depends depend differs differ exists exist appears appear
    serves allows includes consists lies plays stands moves grows helps infects infect produces
    produce survive reproduce remove carry enters enter binds destroys destroy affects affect
    provides provide reduces increases increase measures everyone someone anyone former latter
    procedure goal purpose country countries company companies absence cause matter field
    additional available better certain clear common complete different difficult effective
    entire example examples following general good great higher highest important individual
    likely little lower major people possible present previous process processes research result
    results section similar simple single special specific study time times total typical year
    years role area addition amount case cases condition fact group groups idea kinds level
    levels point presence problem question reason sort state term terms variety word words work
    world end order ability chapter figure figures table use life way method methods parts thing
    things number numbers name names days day hours minutes half century person scientists
    answer
    """.split()  # noqa: SIM905
)


@dataclass(frozen=True, slots=True)
class Term:
    """`text` as it stands in the sentence at `start`; only terms of one kind can stand in."""

    text: str
    start: int
    kind: str


@lru_cache(maxsize=20_000)
def _tokens(text: str) -> tuple[tuple[str, int], ...]:
    return tuple((match.group(), match.start()) for match in _TOKEN.finditer(text))


@lru_cache(maxsize=20_000)
def terms(sentence: str) -> tuple[Term, ...]:
    """What could be blanked out of a sentence, in reading order, each text once."""
    tokens = _tokens(sentence)
    found: dict[str, Term] = {}
    for index, (token, start) in enumerate(tokens):
        kind = _kind(tokens, index)
        if kind and not _repeats(sentence, token):
            found.setdefault(token, Term(token, start, kind))
        if _WIDE.fullmatch(token):
            for term in _wide_terms(token, start):
                if sentence.count(term.text) == 1:
                    found.setdefault(term.text, term)
    return tuple(found.values())


def _repeats(sentence: str, token: str) -> bool:
    return sentence.casefold().count(token.casefold()) > 1


def _kind(tokens: Sequence[tuple[str, int]], index: int) -> str | None:
    token = tokens[index][0]
    if _YEAR.fullmatch(token):
        return "year"
    if _NUMBER.fullmatch(token):
        return _number_kind(tokens, index)
    folded = token.casefold()
    if not token[0].isalpha() or _WIDE.match(token) or folded in FUNCTION_WORDS:
        return None
    before = tokens[index - 1][0].casefold() if index else ""
    after = tokens[index + 1][0].casefold() if index + 1 < len(tokens) else "."
    if token[0].isupper():
        return _capitalized_kind(token, before, after, index)
    return _plain_kind(token, before, after)


def _plain_kind(token: str, before: str, after: str) -> str | None:
    is_short = len(token) < (5 if token.isascii() else 4)
    if is_short or token in PLAIN_WORDS or _VERBAL.match(token) or _ADVERB.match(token):
        return None
    if not _closes_phrase(before, after):
        return None
    if _ADJECTIVE.match(token):
        return "adjective"
    return "plural" if token.endswith("s") and not token.endswith(("ss", "us", "is")) else "noun"


def _closes_phrase(before: str, after: str) -> bool:
    """Whether a word between these two ends a noun phrase rather than opening or being a verb."""
    followed = not after[0].isalnum() or after in FUNCTION_WORDS
    if not followed or after in _ARTICLES or after in ("-", "/", "("):
        return False
    if before in _LEADS:
        return True
    return before.isalpha() and before not in FUNCTION_WORDS and not before.endswith("s")


def _number_kind(tokens: Sequence[tuple[str, int]], index: int) -> str | None:
    before = tokens[index - 1][0] if index else ""
    after = tokens[index + 1][0] if index + 1 < len(tokens) else ""
    if before.casefold() in ("figure", "fig", "table", "chapter", "section", "[", "page", "-", "–"):
        return None
    if after in ("-", "–", "]", "×", "^", "/") or before in ("/", "×", "^", "+", "="):
        return None
    return "percentage" if after in {"%", "percent"} else "number"


def _capitalized_kind(token: str, before: str, after: str, index: int) -> str | None:
    if len(token) >= 2 and token.isupper():
        return "acronym"
    if index == 0 or before in (".", ":", "“", '"', "(", "?", "!") or len(token) < 3:
        return None
    if after[:1].isalpha() and after not in FUNCTION_WORDS:
        return None
    return "name" if token[1:].islower() else None


def _wide_terms(run: str, start: int) -> Iterable[Term]:
    """Pieces of a run of ideographs between the commonest particles, as terms."""
    position = 0
    for piece in _WIDE_PARTICLES.split(run):
        position = run.index(piece, position) if piece else position
        if 2 <= len(piece) <= 6:
            yield Term(piece, start + position, "wide")
        position += len(piece)


def frequencies(sentences: Iterable[str]) -> Counter[str]:
    """How often each term's text is said over all sentences, folded."""
    counts: Counter[str] = Counter()
    for sentence in sentences:
        counts.update(token.casefold() for token, _ in _tokens(sentence) if len(token) > 1)
    return counts
