"""Deletes objects whose deletion is noted, and strikes the notes."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager

from shared.observability import get_logger
from shared.storage.deletions import DeletionNotes
from shared.storage.ports import MOST_OBJECTS, DeletionNote, Objects, StorageAway


class ObjectRemoval:
    """May be asked at any time, by several at once, for the same objects."""

    def __init__(
        self, open_notes: Callable[[], AbstractContextManager[DeletionNotes]], objects: Objects
    ) -> None:
        self._open_notes = open_notes
        self._objects = objects

    def remove(self, notes: Sequence[DeletionNote]) -> int:
        """Delete the objects, portion by portion; returns how many notes are struck.

        What storage doesn't delete now stays noted, and the sweep tries again. To be called outside
        of any transaction: S3 takes its time.
        """
        struck = 0
        try:
            for portion in _portions(notes):
                struck += self._remove(portion)
        except StorageAway as error:
            _log_failures({str(error): len(notes) - struck})
        return struck

    def _remove(self, notes: Sequence[DeletionNote]) -> int:
        failed = self._objects.delete(list({note.object_key: None for note in notes}))
        if failed:
            _log_failures(Counter(failed.values()))
        done = [note for note in notes if note.object_key not in failed]
        with self._open_notes() as kept:
            kept.strike(done)
        return len(done)


def _log_failures(by_reason: Mapping[str, int]) -> None:
    """Without the keys, which name a person who may just have been erased."""
    get_logger().warning("objects are still to be deleted", extra={"reasons": dict(by_reason)})


def _portions(notes: Sequence[DeletionNote]) -> Iterator[Sequence[DeletionNote]]:
    for start in range(0, len(notes), MOST_OBJECTS):
        yield notes[start : start + MOST_OBJECTS]
