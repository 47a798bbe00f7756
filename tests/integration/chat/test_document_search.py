"""Pages of a long document are found by PostgreSQL's full-text index."""

from collections.abc import Callable

import pytest

from functions.chat.document_pages import DocumentPages
from functions.chat.passages import BUDGET_CHARACTERS, find_passages
from functions.chat.search_terms import search_terms
from shared.database.engine import Database
from shared.database.tables.documents import Document

FILLER = "The cell is the unit of life and the text goes on about the cell. " * 30
PAGES = tuple(
    {
        12: f"Photosynthesis happens in the chloroplasts. {FILLER}",
        25: f"An enzyme lowers the activation energy. {FILLER}",
        31: f"Die Zellatmung findet in den Mitochondrien statt. {FILLER}",
    }.get(number, FILLER)
    for number in range(1, 41)
)


@pytest.fixture
def document(add_document: Callable[..., Document]) -> Document:
    return add_document(pages=PAGES)


@pytest.mark.parametrize(
    ("question", "page"),
    [
        ("Where in the cell does photosynthesis happen?", 12),
        ("What do enzymes do in the cell?", 25),
        ("Wo findet die Zellatmung statt?", 31),
        ("enzyme'); DROP TABLE documents; -- & | ! :*", 25),
        ("Photosinthesis?", 12),
    ],
)
def test_the_page_that_tells_is_among_the_passages(
    database: Database, document: Document, question: str, page: int
) -> None:
    with database.transaction() as session:
        passages = find_passages(DocumentPages(session, document.id), question)
    assert page in [passage.page for passage in passages]
    assert sum(len(passage.text) for passage in passages) <= BUDGET_CHARACTERS


def test_a_rare_word_outweighs_words_that_stand_everywhere(
    database: Database, document: Document
) -> None:
    with database.transaction() as session:
        ranked = DocumentPages(session, document.id).ranked(
            search_terms("the text about the unit of life of the cell, and chloroplasts")
        )
    assert ranked[0] == 12


def test_pages_of_other_documents_are_not_seen(
    database: Database, document: Document, add_document: Callable[..., Document]
) -> None:
    other = add_document(pages=("Golgi apparatus",))
    with database.transaction() as session:
        assert DocumentPages(session, document.id).ranked(["'golgi'"]) == []
        assert DocumentPages(session, other.id).ranked(["'golgi'"]) == [1]
