"""Every table, one module a noun. Importing this package registers them all."""

from shared.database.tables import (
    ai,
    chat,
    documents,
    evaluation,
    jobs,
    questions,
    storage,
    users,
)
from shared.database.tables.base import Base

__all__ = [
    "Base",
    "ai",
    "chat",
    "documents",
    "evaluation",
    "jobs",
    "questions",
    "storage",
    "users",
]
