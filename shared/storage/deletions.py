"""The objects that are to be deleted, in PostgreSQL.

A note is made in the transaction that ends the object's use, so the object's end is as sure as that
commit. It is struck when the object is gone, whoever did it.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, delete, func, insert, select
from sqlalchemy.orm import Session

from shared.database.tables.documents import Document
from shared.database.tables.storage import ObjectDeletion
from shared.identifiers import new_id
from shared.storage.ports import DeletionNote
from shared.storage.rules import (
    FIRST_PAUSE,
    STUBBORN_TRIES,
    UPLOADS_END,
    may_still_be_uploaded,
    pause_after,
)


class DeletionNotes:
    """The notes, within the caller's transaction."""

    def __init__(
        self, session: Session, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._session = session
        self._clock = clock

    def add(self, object_keys: Iterable[str]) -> list[DeletionNote]:
        """Note objects that the caller deletes after its commit; else the sweep does."""
        return self._add(object_keys, self._clock() + FIRST_PAUSE)

    def add_files_of(self, documents: ColumnElement[bool]) -> list[DeletionNote]:
        """Note the files of documents that are deleted in this transaction.

        A form that was given out for a young document outlives it. What may be uploaded with it is
        left to the sweep, which looks again when no upload can come any more.
        """
        now = self._clock()
        files = self._session.execute(
            select(Document.object_key, Document.created_at).where(documents)
        ).all()
        young = [key for key, made_at in files if may_still_be_uploaded(made_at, now)]
        self._add(young, now + UPLOADS_END)
        return self.add(key for key, _ in files)

    def _add(self, object_keys: Iterable[str], due_at: datetime) -> list[DeletionNote]:
        notes = [DeletionNote(new_id(), key) for key in object_keys]
        if notes:
            rows = [
                {"id": note.id, "object_key": note.object_key, "due_at": due_at} for note in notes
            ]
            self._session.execute(insert(ObjectDeletion), rows)
        return notes

    def take_due(self, most: int) -> list[DeletionNote]:
        """Begin a try of the deletions that are due, those that wait longest first.

        They are due again after a pause, so no two sweeps take the same; and a try that is lost
        counts as one that failed.
        """
        now = self._clock()
        due = self._session.scalars(
            select(ObjectDeletion)
            .where(ObjectDeletion.due_at <= now)
            .order_by(ObjectDeletion.due_at)
            .limit(most)
            .with_for_update(skip_locked=True)
        ).all()
        for deletion in due:
            deletion.tries += 1
            deletion.due_at = now + pause_after(deletion.tries)
        return [DeletionNote(deletion.id, deletion.object_key) for deletion in due]

    def strike(self, notes: Sequence[DeletionNote]) -> None:
        """Forget deletions that are done, also where somebody else has forgotten them."""
        identifiers = [note.id for note in notes]
        self._session.execute(delete(ObjectDeletion).where(ObjectDeletion.id.in_(identifiers)))

    def stubborn(self) -> int:
        """How many deletions have failed again and again."""
        count = select(func.count()).where(ObjectDeletion.tries >= STUBBORN_TRIES)
        return self._session.scalar(count) or 0
