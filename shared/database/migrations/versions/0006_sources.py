"""Which questions stand on transcribed pages"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column(
        "questions",
        sa.Column("source_transcribed", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.execute(
        "UPDATE questions SET source_transcribed = true FROM question_sets, document_pages"
        " WHERE question_sets.id = questions.question_set_id"
        " AND document_pages.document_id = question_sets.document_id"
        " AND document_pages.number = questions.source_page"
        " AND document_pages.text_source = 'transcription'"
    )


def downgrade() -> None:
    op.drop_column("questions", "source_transcribed")
