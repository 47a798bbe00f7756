"""Where a page's text comes from, and how far the transcription of scanned pages is"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.drop_constraint(op.f("ck_jobs_kind"), "jobs", type_="check")
    op.create_check_constraint(
        op.f("ck_jobs_kind"), "jobs", "kind IN ('generation', 'evaluation', 'transcription')"
    )
    _upgrade_documents()
    op.add_column("document_pages", sa.Column("text_source", sa.String(length=20)))
    op.add_column("document_pages", sa.Column("transcription_error", sa.String(length=60)))
    op.create_check_constraint(
        op.f("ck_document_pages_text_source"),
        "document_pages",
        "text_source IN ('text_layer', 'transcription')",
    )
    op.execute("UPDATE document_pages SET text_source = 'text_layer' WHERE has_text")


def _upgrade_documents() -> None:
    op.add_column("documents", sa.Column("ocr_status", sa.String(length=20)))
    op.add_column("documents", sa.Column("ocr_error_code", sa.String(length=60)))
    op.add_column("documents", sa.Column("ocr_job_id", sa.UUID()))
    op.add_column(
        "documents", sa.Column("ocr_tries", sa.Integer(), server_default="0", nullable=False)
    )
    op.add_column("documents", sa.Column("ocr_retry_at", sa.DateTime(timezone=True)))
    op.add_column("documents", sa.Column("transcript_digest", sa.String(length=64)))
    op.create_foreign_key(
        op.f("fk_documents_ocr_job_id"),
        "documents",
        "jobs",
        ["ocr_job_id"],
        ["id"],
        ondelete="SET NULL",
    )
    op.create_index(op.f("ix_documents_ocr_job_id"), "documents", ["ocr_job_id"])
    op.create_index(
        "ix_documents_ocr_retry_at",
        "documents",
        ["ocr_retry_at"],
        postgresql_where="ocr_retry_at IS NOT NULL",
    )
    op.create_check_constraint(
        op.f("ck_documents_ocr_status"),
        "documents",
        "ocr_status IN ('needs_ocr', 'transcribing', 'done')",
    )
    op.create_check_constraint(
        op.f("ck_documents_only_unread_is_retried"),
        "documents",
        "ocr_retry_at IS NULL OR ocr_status = 'needs_ocr'",
    )


def downgrade() -> None:
    for column in ("transcription_error", "text_source"):
        op.drop_column("document_pages", column)
    for column in (
        *("transcript_digest", "ocr_retry_at", "ocr_tries"),
        *("ocr_job_id", "ocr_error_code", "ocr_status"),
    ):
        op.drop_column("documents", column)
    op.execute("DELETE FROM jobs WHERE kind = 'transcription'")
    op.drop_constraint(op.f("ck_jobs_kind"), "jobs", type_="check")
    op.create_check_constraint(op.f("ck_jobs_kind"), "jobs", "kind IN ('generation', 'evaluation')")
