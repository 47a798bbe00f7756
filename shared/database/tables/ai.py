"""What calls of the model cost, one row a call; and the keys that operators changed at run time."""

import uuid

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Table,
    func,
    true,
)
from sqlalchemy.dialects.postgresql import UUID
from sqlalchemy.orm import Mapped, mapped_column

from shared.database.tables.base import Base, CreatedAt, Identifier


class ModelCall(Base):
    """One request to the model and what came of it."""

    __tablename__ = "model_calls"

    id: Mapped[Identifier]
    job_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("jobs.id", ondelete="SET NULL"), index=True
    )
    user_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    lane: Mapped[str] = mapped_column(String(20))
    purpose: Mapped[str] = mapped_column(String(20))
    model: Mapped[str] = mapped_column(String(80))
    key_alias: Mapped[str] = mapped_column(String(60))
    project: Mapped[str] = mapped_column(String(80))
    prompt_tokens: Mapped[int]
    output_tokens: Mapped[int]
    cost_micro_usd: Mapped[int] = mapped_column(BigInteger)
    latency_ms: Mapped[int]
    outcome: Mapped[str] = mapped_column(String(20))
    error_code: Mapped[str | None] = mapped_column(String(60))
    created_at: Mapped[CreatedAt]

    __table_args__ = (Index("ix_model_calls_user_id_created_at", "user_id", "created_at"),)


# A row without a secret speaks of a key of the settings: it can only pause it.
gemini_keys = Table(
    "gemini_keys",
    Base.metadata,
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("alias", String(60), nullable=False, unique=True),
    Column("project", String(80)),
    Column("label", String(200)),
    Column("secret", LargeBinary),
    Column("active", Boolean, nullable=False, server_default=true()),
    Column(
        "created_at",
        DateTime(timezone=True),
        nullable=False,
        server_default=func.clock_timestamp(),
    ),
)
