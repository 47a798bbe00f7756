"""A document's pages in PostgreSQL, searched by its full-text index."""

import uuid
from collections.abc import Sequence

from sqlalchemy import false, func, select, text
from sqlalchemy.orm import Session

from functions.chat.citations import Passage
from shared.database.tables.documents import TRANSCRIPTION, DocumentPage

# Each term counts by how rare it is in this document (log of pages by pages that have it) and, with
# ever less weight, by how often a page has it: ts_rank_cd gives 0.1 an occurrence.
_RANKED = text(
    """
    WITH terms AS (
        SELECT to_tsquery('simple', term) AS query, term
        FROM unnest(CAST(:terms AS text[])) AS term
    ), hits AS (
        SELECT page.number, terms.term, ts_rank_cd(page.search, terms.query) AS rank
        FROM document_pages AS page JOIN terms ON page.search @@ terms.query
        WHERE page.document_id = :document_id
    ), weights AS (
        SELECT term, ln(1 + (
            SELECT count(*) FROM document_pages WHERE document_id = :document_id
        )::float / count(*)) AS weight
        FROM hits GROUP BY term
    )
    SELECT hits.number
    FROM hits JOIN weights USING (term)
    GROUP BY hits.number
    ORDER BY sum(weights.weight * hits.rank / (hits.rank + 0.12)) DESC, hits.number
    LIMIT 40
    """
)


class DocumentPages:
    """The pages of one document, within one database session."""

    def __init__(self, session: Session, document_id: uuid.UUID) -> None:
        self._session = session
        self._document_id = document_id

    def characters(self) -> int:
        """The length of the whole text."""
        length = func.coalesce(func.sum(DocumentPage.characters), 0)
        query = select(length).where(DocumentPage.document_id == self._document_id)
        return int(self._session.scalar(query) or 0)

    def all(self) -> list[Passage]:
        """Every page, in order."""
        return self._passages(None)

    def ranked(self, terms: Sequence[str]) -> list[int]:
        """The numbers of the pages that have any of the terms, the best first."""
        values = {"terms": list(terms), "document_id": self._document_id}
        return list(self._session.scalars(_RANKED, values))

    def of_numbers(self, numbers: Sequence[int]) -> list[Passage]:
        """The pages of these numbers that there are."""
        return self._passages(numbers)

    def _passages(self, numbers: Sequence[int] | None) -> list[Passage]:
        is_transcribed = func.coalesce(DocumentPage.text_source == TRANSCRIPTION, false())
        query = select(DocumentPage.number, DocumentPage.text, is_transcribed).where(
            DocumentPage.document_id == self._document_id
        )
        if numbers is not None:
            query = query.where(DocumentPage.number.in_(numbers))
        return [Passage(*row) for row in self._session.execute(query.order_by(DocumentPage.number))]
