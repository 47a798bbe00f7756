"""Cached grades are not counted where they are kept: a grade that was served says so itself"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.drop_column("cached_grades", "hits")


def downgrade() -> None:
    op.add_column(
        "cached_grades",
        sa.Column("hits", sa.Integer(), nullable=False, server_default="0"),
    )
    op.alter_column("cached_grades", "hits", server_default=None)
