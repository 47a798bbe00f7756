"""Gemini keys that are added at run time, encrypted"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "gemini_keys",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("alias", sa.String(length=60), nullable=False),
        sa.Column("project", sa.String(length=80), nullable=True),
        sa.Column("label", sa.String(length=200), nullable=True),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        sa.Column("active", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gemini_keys")),
        sa.UniqueConstraint("alias", name=op.f("uq_gemini_keys_alias")),
    )


def downgrade() -> None:
    op.drop_table("gemini_keys")
