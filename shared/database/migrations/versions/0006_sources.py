"""What questions stand on: transcribed pages, pages that were read in time, a PDF's outline"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column(
        "questions",
        sa.Column("source_transcribed", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    for table, column in (("question_sets", "unread_pages"), ("documents", "outline")):
        op.add_column(
            table,
            sa.Column(
                column,
                postgresql.JSONB(astext_type=sa.Text()),
                server_default="[]",
                nullable=False,
            ),
        )
    _mark_questions()
    # A scan that waits for its transcription is no reject any more.
    op.execute(
        "UPDATE documents SET status = 'ready', error_code = NULL, error_message = NULL"
        " WHERE status = 'rejected' AND ocr_status = 'needs_ocr'"
    )


def _mark_questions() -> None:
    op.execute(
        "UPDATE questions SET source_transcribed = true FROM question_sets, document_pages"
        " WHERE question_sets.id = questions.question_set_id"
        " AND document_pages.document_id = question_sets.document_id"
        " AND document_pages.number = questions.source_page"
        " AND document_pages.text_source = 'transcription'"
    )


def downgrade() -> None:
    op.execute(
        "UPDATE documents SET status = 'rejected', error_code = 'needs_ocr', error_message ="
        " 'The pages are pictures of text, and they could not be transcribed yet.'"
        " WHERE status = 'ready' AND ocr_status = 'needs_ocr' AND NOT EXISTS (SELECT FROM"
        " document_pages WHERE document_id = documents.id AND has_text)"
    )
    op.drop_column("documents", "outline")
    op.drop_column("question_sets", "unread_pages")
    op.drop_column("questions", "source_transcribed")
