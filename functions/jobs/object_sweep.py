"""Finishes deletions of objects that were left undone, and tells of those that fail on and on."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from shared.observability import get_logger
from shared.storage.deletions import DeletionNotes
from shared.storage.ports import MOST_OBJECTS
from shared.storage.removal import ObjectRemoval


class ObjectSweep:
    """Two steps of the sweep. What is deleted twice, by whomever, does no harm."""

    def __init__(
        self,
        open_notes: Callable[[], AbstractContextManager[DeletionNotes]],
        removal: ObjectRemoval,
        record_stubborn: Callable[[int], None],
    ) -> None:
        self._open_notes = open_notes
        self._removal = removal
        self._record_stubborn = record_stubborn

    def delete_objects(self) -> int:
        """Delete one portion of the objects that are due; returns how many notes are struck."""
        with self._open_notes() as notes:
            due = notes.take_due(MOST_OBJECTS)
        return self._removal.remove(due)

    def tell_stubborn_objects(self) -> int:
        """Tell operators of the deletions that have failed for half an hour; how many there are."""
        with self._open_notes() as notes:
            count = notes.stubborn()
        if count:
            get_logger().error("objects can't be deleted", extra={"objects": count})
            self._record_stubborn(count)
        return count
