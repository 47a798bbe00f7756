"""Valkey before PostgreSQL: which finished set a wish is served from."""

import uuid

from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy.orm import Session

from shared.database.tables.questions import QuestionSet
from shared.observability import get_logger

_KEPT_SECONDS = 24 * 3600


class FinishedSets:
    """Remembers the set by its cache key: the id alone, so that what was erased is gone.

    Without Valkey nothing is found here, and PostgreSQL is asked.
    """

    def __init__(self, cache: Redis) -> None:
        self._cache = cache

    def find(self, session: Session, key: str) -> QuestionSet | None:
        """The set that was remembered, if it may still be copied."""
        try:
            known = self._cache.get(_name(key))
        except RedisError:
            get_logger().warning("the cache of finished sets is lost")
            return None
        found = session.get(QuestionSet, uuid.UUID(str(known))) if known else None
        return found if found is not None and _may_be_copied(found, key) else None

    def remember(self, question_set: QuestionSet) -> None:
        """Keep the set for a day."""
        try:
            name = _name(question_set.cache_key)
            self._cache.set(name, str(question_set.id), ex=_KEPT_SECONDS)
        except RedisError:
            get_logger().warning("the cache of finished sets is lost")


def _name(key: str) -> str:
    return f"finished-set:{key}"


def _may_be_copied(found: QuestionSet, key: str) -> bool:
    return (
        found.cache_key == key
        and found.completed_at is not None
        and found.delivered == found.requested
        and found.edited_at is None
    )
