"""Joins the deletion of objects to PostgreSQL and S3."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from shared.config import get_settings
from shared.database.engine import get_database
from shared.storage.deletions import DeletionNotes
from shared.storage.objects import S3Objects
from shared.storage.removal import ObjectRemoval


@contextmanager
def open_deletion_notes() -> Iterator[DeletionNotes]:
    """The notes, in a transaction of their own."""
    with get_database().transaction() as session:
        yield DeletionNotes(session)


@lru_cache
def get_object_removal() -> ObjectRemoval:
    """The removal from the bucket of uploads."""
    return ObjectRemoval(open_deletion_notes, S3Objects(get_settings().documents_bucket))
