"""Which job carries a request for regrading out, and how often one ended badly"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("regrade_requests", sa.Column("job_id", sa.UUID()))
    op.add_column(
        "regrade_requests", sa.Column("tries", sa.Integer(), server_default="0", nullable=False)
    )
    op.create_index(
        "ix_regrade_requests_job_id",
        "regrade_requests",
        ["job_id"],
        postgresql_where="job_id IS NOT NULL",
    )


def downgrade() -> None:
    op.drop_index("ix_regrade_requests_job_id", table_name="regrade_requests")
    op.drop_column("regrade_requests", "tries")
    op.drop_column("regrade_requests", "job_id")
