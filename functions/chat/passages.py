"""Chooses the passages of a document that a question is answered from."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import islice
from typing import Final

from functions.chat.citations import Passage
from functions.chat.ports import Pages
from functions.chat.search_terms import page_numbers, search_terms, stem_of

WHOLE_CHARACTERS: Final = 24_000
BUDGET_CHARACTERS: Final = 24_000
PASSAGE_CHARACTERS: Final = 6_000

_FEW_TERMS = 3
_BEST_WITH_NEIGHBOURS = 3
_MOST_PAGES = 40
_GRAM = 3
# As many as fifty words have. Each is looked for in the whole document.
_MOST_GRAMS = 300


def find_passages(pages: Pages, question: str, earlier: str = "") -> list[Passage]:
    """The passages to answer `question` from, in the order of their pages.

    `earlier` is the question before: a short "and why?" is about what that asked. A short document
    is taken whole.
    """
    if pages.characters() <= WHOLE_CHARACTERS:
        return [passage for passage in pages.all() if passage.text.strip()]
    terms = search_terms(question)
    if len(terms) < _FEW_TERMS:
        terms = search_terms(question, earlier)
    order = with_neighbours([*page_numbers(question), *_ranked(pages, terms, question)])
    found = pages.of_numbers(order[:_MOST_PAGES])
    if not found:
        order = spread_over(pages)
        found = pages.of_numbers(order)
    return _fitting(found, order, terms)


def _ranked(pages: Pages, terms: Sequence[str], question: str) -> list[int]:
    if not terms:
        return []
    return pages.ranked(terms) or most_alike(question, pages.all())


def spread_over(pages: Pages) -> list[int]:
    """Pages all over the document: what to read where a question names nothing to look for."""
    numbers = [passage.page for passage in pages.all() if passage.text.strip()]
    count = max(1, len(numbers) * BUDGET_CHARACTERS // max(1, pages.characters()))
    return [numbers[place * len(numbers) // count] for place in range(count)]


def with_neighbours(ranked: Sequence[int]) -> list[int]:
    """The pages in order of worth, the best ones followed by the pages around them."""
    order: dict[int, None] = {}
    for place, number in enumerate(ranked):
        order[number] = None
        if place < _BEST_WITH_NEIGHBOURS:
            order[number + 1] = None
            if number > 1:
                order[number - 1] = None
    return list(order)


def most_alike(question: str, passages: Sequence[Passage]) -> list[int]:
    """Pages by the short pieces of words that they share with the question, the best first.

    A piece counts the more the fewer pages have it. It finds what a word index can't:
    misspellings, and words of scripts without spaces. Of a long question the beginning counts.
    """
    scores: dict[int, float] = {}
    texts = {passage.page: passage.text.lower() for passage in passages}
    for gram in islice(_grams(question), _MOST_GRAMS):
        having = [page for page, text in texts.items() if gram in text]
        for page in having:
            scores[page] = scores.get(page, 0) + 1 / len(having)
    return sorted(scores, key=lambda page: (-scores[page], page))


def excerpt(text: str, terms: Sequence[str], most: int = PASSAGE_CHARACTERS) -> str:
    """`text`, or the `most` characters of it where the terms' words stand closest together."""
    if len(text) <= most:
        return text
    lowered = text.lower()
    places = sorted(place for term in terms for place in _places(lowered, stem_of(term)))
    best, best_count = 0, 0
    for index, place in enumerate(places):
        start = max(0, min(place - most // 4, len(text) - most))
        count = sum(1 for other in places[index : index + 200] if other < start + most)
        if count > best_count:
            best, best_count = start, count
    return text[best : best + most]


def _fitting(
    passages: Iterable[Passage], order: Sequence[int], terms: Sequence[str]
) -> list[Passage]:
    place = {number: index for index, number in enumerate(order)}
    chosen: list[Passage] = []
    room = BUDGET_CHARACTERS
    for passage in sorted(passages, key=lambda one: place[one.page]):
        text = excerpt(passage.text, terms)
        if text.strip() and len(text) <= room:
            chosen.append(replace(passage, text=text))
            room -= len(text)
    return sorted(chosen, key=lambda one: one.page)


def _places(text: str, word: str) -> Iterable[int]:
    place = text.find(word)
    found = 0
    while place >= 0 and found < 500:
        yield place
        found += 1
        place = text.find(word, place + len(word))


def _grams(text: str) -> list[str]:
    """Each once, in the order of the text."""
    words = "".join(character if character.isalnum() else " " for character in text.lower()).split()
    grams = (
        word[start : start + _gram_length(word)]
        for word in words
        for start in range(len(word) - _gram_length(word) + 1)
    )
    return list(dict.fromkeys(grams))


def _gram_length(word: str) -> int:
    """Chinese, Japanese and Thai words are one to two characters long."""
    return 2 if ord(word[0]) >= 0x0E00 else _GRAM
