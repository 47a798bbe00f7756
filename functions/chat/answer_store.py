"""Questions and answers in PostgreSQL, as the worker sees them: claimed once, answered once.

A claim is known by the moment its lease ends: whoever was too slow finds another moment there.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from functions.chat.citations import Citation
from functions.chat.document_pages import DocumentPages
from functions.chat.model import (
    Answer,
    Busy,
    Claim,
    ClaimResult,
    Conversation,
    Refused,
)
from shared.ai import Turn
from shared.database.tables.chat import ChatMessage, ChatSession
from shared.identifiers import new_id
from shared.realtime.chat_signals import ChatRequest

# Longer than the function's timeout: when it has ended, the worker is lost.
LEASE = timedelta(seconds=75)

_HISTORY_MESSAGES = 12
_TURN_CHARACTERS = 2_000
_KEY = ["session_id", "client_message_id", "role"]


class ClaimLost(Exception):
    """The conversation was deleted, or another worker took the question over."""


class AnswerStore:
    """Questions and their answers, within one database session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def claim(self, question: ChatRequest) -> ClaimResult:
        """Take a question that nobody answers or answered, or say why not."""
        chat = self._session.get(ChatSession, question.session_id)
        if chat is None or chat.user_id != question.user_id:
            return Refused("chat_session_not_found", "There is no such chat session.")
        lease_until = datetime.now(UTC) + LEASE
        answer = self._add_pair(question, lease_until)
        if answer is not None:
            return Claim(answer.id, chat.document_id, lease_until, again=False)
        return self._claim_again(question, chat, lease_until)

    def conversation(self, question: ChatRequest, claim: Claim) -> Conversation:
        """What was asked and answered before, the oldest first."""
        rows = self._session.scalars(
            select(ChatMessage)
            .where(
                ChatMessage.session_id == question.session_id,
                ChatMessage.id < claim.answer_id,
                ChatMessage.client_message_id != question.message_id,
            )
            .order_by(ChatMessage.id.desc())
            .limit(_HISTORY_MESSAGES)
        ).all()
        asked = {row.client_message_id: row.text for row in rows if row.role == "user"}
        turns: list[Turn] = []
        for row in reversed(rows):
            answered = row.role == "assistant" and row.status in {"done", "stopped"} and row.text
            if answered and row.client_message_id in asked:
                turns.append(Turn("user", asked[row.client_message_id][:_TURN_CHARACTERS]))
                turns.append(Turn("model", row.text[:_TURN_CHARACTERS]))
        earlier = next((turn.text for turn in reversed(turns) if turn.role == "user"), "")
        return Conversation(tuple(turns), earlier)

    def pages(self, claim: Claim) -> DocumentPages:
        """The pages to answer from."""
        return DocumentPages(self._session, claim.document_id)

    def finish(self, claim: Claim, answer: Answer) -> None:
        """Store the answer. Raises ClaimLost."""
        row = self._held(claim)
        row.text = answer.text
        row.citations = answer.frame()["citations"]
        row.grounded = answer.grounded
        self._close(row, answer.status)

    def fail(self, claim: Claim, code: str, said: str) -> None:
        """Note why there is no answer, and what was said of it. Raises ClaimLost."""
        row = self._held(claim)
        row.text = said
        row.error_code = code
        self._close(row, "failed")

    def release(self, claim: Claim) -> None:
        """Let the next delivery take the question at once. Raises ClaimLost."""
        self._held(claim).lease_until = None

    def _add_pair(self, question: ChatRequest, lease_until: datetime) -> ChatMessage | None:
        asked_id, answer_id = sorted((new_id(), new_id()))
        shared: dict[str, Any] = {
            "session_id": question.session_id,
            "client_message_id": question.message_id,
            "citations": [],
        }
        asked = {"id": asked_id, "role": "user", "status": "done", "text": question.text}
        answer = {
            "id": answer_id,
            "role": "assistant",
            "status": "running",
            "text": "",
            "lease_until": lease_until,
        }
        added = None
        for values in (asked, answer):
            added = self._session.scalars(
                insert(ChatMessage)
                .values(**shared, **values)
                .on_conflict_do_nothing(index_elements=_KEY)
                .returning(ChatMessage)
            ).one_or_none()
        return added

    def _claim_again(
        self, question: ChatRequest, chat: ChatSession, lease_until: datetime
    ) -> ClaimResult:
        rows = {
            row.role: row
            for row in self._session.scalars(
                select(ChatMessage)
                .where(
                    ChatMessage.session_id == question.session_id,
                    ChatMessage.client_message_id == question.message_id,
                )
                .order_by(ChatMessage.id)
                .with_for_update()
            )
        }
        answer = rows["assistant"]
        if rows["user"].text != question.text:
            message = "Another message was sent with this message_id."
            return Refused("message_id_reused", message)
        if answer.status in {"done", "stopped"}:
            return _stored_answer(answer)
        running = answer.status == "running"
        if running and answer.lease_until is not None and answer.lease_until > datetime.now(UTC):
            return Busy(answer.lease_until)
        answer.status, answer.lease_until = "running", lease_until
        answer.error_code = answer.finished_at = None
        return Claim(answer.id, chat.document_id, lease_until, again=running)

    def _held(self, claim: Claim) -> ChatMessage:
        row = self._session.execute(
            select(ChatMessage).where(ChatMessage.id == claim.answer_id).with_for_update()
        ).scalar_one_or_none()
        if row is None or row.status != "running" or row.lease_until != claim.lease_until:
            raise ClaimLost
        return row

    def _close(self, row: ChatMessage, status: str) -> None:
        row.status = status
        row.lease_until = None
        row.finished_at = datetime.now(UTC)


def _stored_answer(row: ChatMessage) -> Answer:
    # Answers of an earlier release say nothing of transcriptions.
    citations = tuple(
        Citation(one["page"], one["quote"], one.get("transcribed", False)) for one in row.citations
    )
    return Answer(row.text, citations, "stopped" if row.status == "stopped" else "done")
