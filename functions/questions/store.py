"""A generation in PostgreSQL: jobs, chunks and questions in one transaction."""

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from functions.questions.ports import ChunkOutcome, Generation
from functions.questions.rules.model import (
    ChunkPlan,
    DocumentPage,
    GenerationParameters,
    Question,
    Slot,
)
from functions.questions.rules.similarity import Gist
from functions.questions.schemas import question_view
from shared.database.tables.documents import DocumentPage as PageRow
from shared.database.tables.jobs import Job
from shared.database.tables.questions import Question as QuestionRow
from shared.database.tables.questions import QuestionSet
from shared.jobs import model as jobs
from shared.jobs.model import Claim
from shared.jobs.store import JobStore


class PostgresGenerationStore:
    """The pipeline's store within one session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._jobs = JobStore(session)

    def start(self, job_id: uuid.UUID) -> Generation:
        """The generation, marked as running."""
        return self._generation(self._jobs.start(job_id))

    def generation(self, job_id: uuid.UUID) -> Generation:
        """The generation, its job locked."""
        return self._generation(self._jobs.lock_active(job_id))

    def _generation(self, job: Job) -> Generation:
        row = self._set(job.id)
        return Generation(
            job_id=job.id,
            user_id=job.user_id,
            question_set_id=row.id,
            document_id=row.document_id,
            parameters=GenerationParameters.from_json(row.parameters),
            deadline_at=job.deadline_at,
            delivered=row.delivered,
        )

    def _set(self, job_id: uuid.UUID) -> QuestionSet:
        return self._session.execute(
            select(QuestionSet).where(QuestionSet.job_id == job_id)
        ).scalar_one()

    def pages(
        self, document_id: uuid.UUID, numbers: Sequence[int] | None = None
    ) -> list[DocumentPage]:
        """The document's pages, all or those named, in order."""
        query = select(PageRow.number, PageRow.label, PageRow.text, PageRow.has_text).where(
            PageRow.document_id == document_id
        )
        if numbers is not None:
            query = query.where(PageRow.number.in_(numbers))
        rows = self._session.execute(query.order_by(PageRow.number))
        return [DocumentPage(row.number, row.label, row.text, row.has_text) for row in rows]

    def add_chunks(
        self, job_id: uuid.UUID, first_ordinal: int, round_number: int, plans: Sequence[ChunkPlan]
    ) -> None:
        """Chunks to be generated; their payload names passages by page and offsets."""
        self._jobs.add_chunks(
            job_id,
            [
                jobs.ChunkPlan(ordinal, _payload(plan, refill=round_number > 1), round_number)
                for ordinal, plan in enumerate(plans, start=first_ordinal)
            ],
        )

    def chunk_ordinals(self, job_id: uuid.UUID, round_number: int) -> list[int]:
        """The chunks of one round."""
        return [one.ordinal for one in self._jobs.chunks(job_id) if one.round == round_number]

    def outcomes(self, job_id: uuid.UUID) -> list[ChunkOutcome]:
        """How every chunk ended; a failed one left all its slots open for one reason."""
        outcomes = []
        for chunk in self._jobs.chunks(job_id):
            slots = tuple(Slot.from_json(value) for value in chunk.payload["slots"])
            if chunk.status == "done":
                told = (chunk.result or {}).get("rejections", {})
                rejections = {int(slot): reason for slot, reason in told.items()}
            else:
                reason = chunk.error_code or "chunk_unfinished"
                rejections = {slot.number: reason for slot in slots}
            outcomes.append(ChunkOutcome(chunk.ordinal, chunk.round, slots, rejections))
        return outcomes

    def filled(self, job_id: uuid.UUID) -> dict[int, Gist]:
        """The slots that have a question, with what it is about."""
        return {row.position: _gist(row) for row in self._questions(job_id)}

    def stems(self, job_id: uuid.UUID) -> list[str]:
        """The stems of all questions so far."""
        return [row.stem for row in self._questions(job_id)]

    def _questions(self, job_id: uuid.UUID) -> Sequence[QuestionRow]:
        query = (
            select(QuestionRow)
            .join(QuestionSet, QuestionSet.id == QuestionRow.question_set_id)
            .where(QuestionSet.job_id == job_id)
            .order_by(QuestionRow.position)
        )
        return self._session.execute(query).scalars().all()

    def store_chunk(
        self, claim: Claim, questions: Sequence[Question], rejections: Mapping[int, str]
    ) -> None:
        """Store the questions, mark the chunk done and tell it, all in this transaction."""
        result = {
            "accepted": [question.slot.number for question in questions],
            "rejections": {str(slot): reason for slot, reason in rejections.items()},
        }
        job = self._jobs.finish_chunk(claim, result)
        question_set = self._set(claim.job_id)
        rows = [_row(question_set.id, claim.ordinal, question) for question in questions]
        self._session.add_all(rows)
        question_set.delivered += len(rows)
        self._session.flush()
        views = [question_view(row, with_keys=False).model_dump(mode="json") for row in rows]
        self._jobs.progress(job, question_set.delivered, {"questions": views})

    def complete(
        self, job_id: uuid.UUID, shortfall_reasons: Mapping[str, int], coverage: Mapping[str, Any]
    ) -> None:
        """End the job and turn the set into a draft; one without any question has failed."""
        question_set = self._set(job_id)
        rows = self._questions(job_id)
        question_set.shortfall_reasons = dict(shortfall_reasons)
        question_set.coverage = {**coverage, **_delivered(rows)}
        if not rows:
            question_set.status = "failed"
            reasons = ", ".join(sorted(shortfall_reasons)) or "unknown"
            message = f"No question could be made: {reasons}."
            self._jobs.fail(job_id, "no_questions", message)
            return
        question_set.status = "draft"
        question_set.completed_at = datetime.now(UTC)
        self._jobs.complete(job_id, set_result(question_set))

    def fail(self, job_id: uuid.UUID, code: str, message: str) -> bool:
        """End the job and the set badly; questions that were made stay readable."""
        failed = self._jobs.fail(job_id, code, message)
        if failed:
            self._set(job_id).status = "failed"
        return failed

    def unfinished(self) -> int:
        """How many sets are being generated."""
        query = select(func.count()).where(QuestionSet.status == "generating")
        return self._session.execute(query).scalar_one()


def set_result(question_set: QuestionSet) -> dict[str, Any]:
    """What a completed job says of its set."""
    return {
        "question_set_id": str(question_set.id),
        "requested": question_set.requested,
        "delivered": question_set.delivered,
        "shortfall": question_set.requested - question_set.delivered,
        "shortfall_reasons": question_set.shortfall_reasons,
    }


def _payload(plan: ChunkPlan, *, refill: bool) -> dict[str, Any]:
    return {
        "slots": [slot.as_json() for slot in plan.slots],
        "passages": [[one.page, one.start, one.end] for one in plan.passages],
        "refill": refill,
    }


def _row(question_set_id: uuid.UUID, chunk: int, question: Question) -> QuestionRow:
    answer = question.answer
    return QuestionRow(
        id=question.id,
        question_set_id=question_set_id,
        chunk=chunk,
        position=question.slot.number,
        type=question.slot.type.value,
        stem=question.stem,
        options=list(question.options),
        answer=list(answer) if isinstance(answer, tuple) else answer,
        rubric=[
            {"id": one.id, "criterion": one.criterion, "points": one.points}
            for one in question.rubric
        ],
        explanation=question.explanation,
        option_feedback=list(question.option_feedback),
        difficulty=question.slot.difficulty.value,
        bloom=question.slot.bloom.value,
        source_page=question.source.page,
        source_label=question.source.label,
        source_quote=question.source.quote,
        source_start=question.source.start,
        source_end=question.source.end,
        version=1,
    )


def _gist(row: QuestionRow) -> Gist:
    match row.type:
        case "mcq":
            return Gist.of(row.stem, str(row.options[row.answer]))
        case "fill_blank":
            return Gist.of(row.stem, str(row.answer[0]))
        case "short_answer":
            return Gist.of(row.stem, str(row.answer))
        case _:
            return Gist.of(row.stem, "")


def _delivered(rows: Sequence[QuestionRow]) -> dict[str, Any]:
    return {
        "types": dict(Counter(row.type for row in rows)),
        "difficulty": dict(Counter(row.difficulty for row in rows)),
        "bloom": dict(Counter(row.bloom for row in rows)),
        "pages": sorted({row.source_page for row in rows}),
    }
