"""A learner without an account is known by a key that outlasts the name"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("submissions", sa.Column("learner_key", sa.String(length=100), nullable=True))


def downgrade() -> None:
    op.drop_column("submissions", "learner_key")
