"""Indexes of what refers to deleted rows, of what the sweep looks for, of a conversation's end"""

from collections.abc import Sequence

from alembic import op

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# Name, table, columns, and of which rows.
_INDEXES = (
    ("ix_questions_replaces", "questions", ["replaces"], "replaces IS NOT NULL"),
    ("ix_question_sets_copied_from", "question_sets", ["copied_from"], "copied_from IS NOT NULL"),
    ("ix_question_sets_follows", "question_sets", ["follows"], "follows IS NOT NULL"),
    ("ix_question_versions_replaced_by", "question_versions", ["replaced_by"], None),
    ("ix_regrade_requests_requested_by", "regrade_requests", ["requested_by"], None),
    ("ix_appeals_decided_by", "appeals", ["decided_by"], None),
    ("ix_documents_awaiting_upload", "documents", ["created_at"], "status = 'awaiting_upload'"),
    ("ix_sessions_expires_at", "sessions", ["expires_at"], None),
    ("ix_sessions_revoked_at", "sessions", ["revoked_at"], "revoked_at IS NOT NULL"),
    ("ix_refresh_tokens_created_at", "refresh_tokens", ["created_at"], None),
    ("ix_chat_messages_session_id_id", "chat_messages", ["session_id", "id"], None),
)


def upgrade() -> None:
    for name, table, columns, of_rows in _INDEXES:
        op.create_index(name, table, columns, postgresql_where=of_rows)


def downgrade() -> None:
    for name, table, _, _ in reversed(_INDEXES):
        op.drop_index(name, table_name=table)
