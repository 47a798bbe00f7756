"""What to look for in a document, given a question."""

import re
import unicodedata
from typing import Final

MOST_TERMS: Final = 24

_WORD = re.compile(r"[^\W_]+")
_PAGE_NUMBER = re.compile(
    r"\b(?:pages?|pp?\.|seiten?|páginas?|pagin[ae]|strony?|страниц[аеуы]|стр\.)\s*(\d{1,4})\b",
    re.IGNORECASE,
)
# Words that ask rather than tell. Common words of the text itself weigh little by their number.
_ASKING_WORDS = """
    a about also an and are as at be been but by can could define describe did do does document
    explain for from give had has have how i if in into is it its me mean means of on or say says
    she show should so tell text than that the their them then there these they this those to us
    was we were what when where which who whom whose why will with would you your
    summarise summarize summary overview main point points key topic topics content contents
    zusammenfassung zusammenfassen überblick résumé résume resumen resume riassunto resumo
    der die das den dem ein eine einen ist sind war wie wer wo wann warum welche welcher welches
    wieso und oder nicht im zu von mit auf für bitte erkläre
    le la les un une des du de est sont que qui quoi quel quelle quels quelles comment pourquoi où
    quand et ou dans pour avec
    el los las una es son qué quién cuál cuáles cómo por para dónde cuándo y o con del
    il lo gli uno che chi cosa come perché dove quando quale quali e di da per
    os um uma é são qual quais onde quem
"""


def search_terms(*questions: str) -> list[str]:
    """Terms of a PostgreSQL `tsquery`, each a word or a prefix, those of the first question first.

    Long words lose their ending, since the index knows no grammar: `enzymes` finds `enzyme`.
    """
    asking = frozenset(_ASKING_WORDS.split())
    terms: dict[str, None] = {}
    for question in questions:
        for word in _WORD.findall(unicodedata.normalize("NFC", question).lower()):
            if word not in asking and (len(word) > 1 or word.isdigit() or not word.isascii()):
                terms[_term(word)] = None
    return list(terms)[:MOST_TERMS]


def page_numbers(question: str) -> list[int]:
    """The pages that a question names."""
    return [int(number) for number in _PAGE_NUMBER.findall(question)]


def stem_of(term: str) -> str:
    """The letters that a term looks for."""
    return term.strip("'").removesuffix("':*")


def _term(word: str) -> str:
    if len(word) < 5 or any(character.isdigit() for character in word):
        return f"'{word}'"
    return f"'{word[: max(4, len(word) - 2)]}':*"
