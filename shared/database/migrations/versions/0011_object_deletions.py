"""Objects that are to be deleted, noted until they are gone"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "object_deletions",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("object_key", sa.String(length=300), nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("tries >= 0", name=op.f("ck_object_deletions_tries")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_object_deletions")),
    )
    op.create_index(op.f("ix_object_deletions_due_at"), "object_deletions", ["due_at"])
    op.create_index(
        "ix_object_deletions_tries",
        "object_deletions",
        ["tries"],
        postgresql_where="tries > 0",
    )


def downgrade() -> None:
    op.drop_table("object_deletions")
