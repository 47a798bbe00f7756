"""What object storage has yet to lose."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from shared.database.tables.base import Base, CreatedAt, Identifier


class ObjectDeletion(Base):
    """An object that is to be deleted, noted until it is gone.

    It refers to nothing, since it outlives the document and the account that the object was of.
    `tries` counts those that a sweep began; the next may begin at `due_at`.
    """

    __tablename__ = "object_deletions"

    id: Mapped[Identifier]
    object_key: Mapped[str] = mapped_column(String(300))
    tries: Mapped[int] = mapped_column(default=0, server_default="0")
    created_at: Mapped[CreatedAt]
    due_at: Mapped[datetime] = mapped_column(index=True)

    __table_args__ = (
        Index("ix_object_deletions_tries", "tries", postgresql_where="tries > 0"),
        CheckConstraint("tries >= 0", name="tries"),
    )
