"""Submissions of learners without an account, many of which share a job"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("submissions", sa.Column("learner", sa.String(length=100), nullable=True))
    op.create_index(op.f("ix_submissions_job_id"), "submissions", ["job_id"], unique=False)
    op.drop_constraint(op.f("uq_submissions_job_id"), "submissions", type_="unique")


def downgrade() -> None:
    # The submissions that share a job keep it by the oldest of them only.
    op.execute(
        "UPDATE submissions SET job_id = NULL WHERE id NOT IN "
        "(SELECT DISTINCT ON (job_id) id FROM submissions WHERE job_id IS NOT NULL"
        " ORDER BY job_id, id)"
    )
    op.create_unique_constraint(op.f("uq_submissions_job_id"), "submissions", ["job_id"])
    op.drop_index(op.f("ix_submissions_job_id"), table_name="submissions")
    op.drop_column("submissions", "learner")
