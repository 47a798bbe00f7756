"""What a deletion is of, and what it needs of object storage."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

# DeleteObjects takes no more in one call.
MOST_OBJECTS = 1000


@dataclass(frozen=True)
class DeletionNote:
    """One object to delete. The same object may be noted several times."""

    id: uuid.UUID
    object_key: str


class StorageAway(Exception):
    """Object storage gave no answer or refused a whole call; the text is the reason's code."""


class Objects(Protocol):
    """The bucket that uploads go to."""

    def delete(self, keys: Sequence[str]) -> Mapping[str, str]:
        """Delete up to `MOST_OBJECTS`; one that isn't there counts as deleted.

        Returns the keys of those that were not, each with the reason's code. Raises StorageAway.
        """
        ...
