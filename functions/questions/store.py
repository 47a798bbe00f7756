"""A generation in PostgreSQL: jobs, batches of chunks and questions in one transaction."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Boolean, Text, Uuid, cast, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from functions.questions.notes import noted_as_json, noted_from_json
from functions.questions.ports import ChunkResult, Followed, Generation, NotedChunk, Replaced
from functions.questions.reading import GenerationReading
from functions.questions.results import set_result
from functions.questions.rows import delivered, question_row
from functions.questions.rules.completeness import ChunkOutcome
from functions.questions.rules.model import (
    ChunkPlan,
    Question,
    Slot,
)
from functions.questions.rules.verification import Review
from functions.questions.schemas import question_view
from functions.questions.sharing import SharedGenerations
from shared.database.tables.jobs import Job, JobChunk
from shared.database.tables.questions import Question as QuestionRow
from shared.database.tables.questions import QuestionSet
from shared.jobs import model as jobs
from shared.jobs.chunks import LeaseLost
from shared.jobs.model import Claim
from shared.jobs.store import JobStore


class PostgresGenerationStore(GenerationReading):
    """The pipeline's store within one session."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._jobs = JobStore(session)

    def start(self, job_id: uuid.UUID) -> Generation:
        """The generation, marked as running."""
        return self.describe(self._jobs.start(job_id))

    def generation(self, job_id: uuid.UUID) -> Generation:
        """The generation, its job locked."""
        return self.describe(self._jobs.lock_active(job_id))

    def add_batches(
        self, job_id: uuid.UUID, round_number: int, batches: Sequence[Sequence[ChunkPlan]]
    ) -> None:
        """Batches to be generated; their payload names passages by page and offsets."""
        payloads = [
            {"chunks": [_chunk_json(chunk) for chunk in batch], "refill": round_number > 1}
            for batch in batches
        ]
        self._add(job_id, round_number, payloads)

    def note_plan(self, generation: Generation, coverage: Mapping[str, Any]) -> None:
        """Keep how the set is to be spread over the document."""
        question_set = self._session.get_one(QuestionSet, generation.question_set_id)
        question_set.coverage = dict(coverage)

    def add_follower(self, job_id: uuid.UUID) -> None:
        """The one batch of a generation that waits for another."""
        self._add(job_id, 0, [{"follow": True}])

    def _add(self, job_id: uuid.UUID, round_: int, payloads: Sequence[dict[str, Any]]) -> None:
        first = len(self._jobs.chunks(job_id)) + 1
        plans = [
            jobs.ChunkPlan(ordinal, payload, round_)
            for ordinal, payload in enumerate(payloads, start=first)
        ]
        self._jobs.add_chunks(job_id, plans)

    def batch_ordinals(self, job_id: uuid.UUID, round_number: int) -> list[int]:
        """The batches of one round."""
        return [one.ordinal for one in self._jobs.chunks(job_id) if one.round == round_number]

    def noted_chunks(self, claim: Claim) -> dict[int, NotedChunk]:
        """The chunks of the claimed batch that were stored before, by their index."""
        row = self._session.get_one(JobChunk, (claim.job_id, claim.ordinal))
        return {int(index): noted_from_json(value) for index, value in _stored(row).items()}

    def check(self, claim: Claim) -> None:
        """Raises JobCancelled or LeaseLost where the batch isn't to be worked on any more."""
        if not self._jobs.check(claim):
            raise LeaseLost("The batch was closed by another worker.")

    def outcomes(self, job_id: uuid.UUID) -> list[ChunkOutcome]:
        """How every chunk ended; one that was never stored left all its slots open."""
        return [
            _outcome(row, index, chunk)
            for row in self._jobs.chunks(job_id)
            for index, chunk in enumerate(row.payload.get("chunks", []))
        ]

    def lock(self, job_id: uuid.UUID) -> None:
        """Let no other chunk of the job be stored meanwhile."""
        self._jobs.lock_active(job_id)

    def store_chunks(
        self, claim: Claim, generation: Generation, results: Sequence[ChunkResult]
    ) -> None:
        """Store the questions, note how its chunks stand, tell what they made."""
        noted = {str(one.index): noted_as_json(one.noted) for one in results}
        self._jobs.note(claim, "chunks", noted)
        rows = [self._add_questions(claim, generation, one.questions) for one in results]
        self._session.flush()
        made = sum(map(len, rows))
        done = 0 if generation.replaced else self._count(generation, made) - made
        job = self._session.get_one(Job, claim.job_id)
        for some in filter(None, rows):
            done += len(some)
            views = [question_view(row, with_keys=False).model_dump(mode="json") for row in some]
            self._jobs.progress(job, done, {"questions": views})

    def _add_questions(
        self, claim: Claim, generation: Generation, questions: Sequence[Question]
    ) -> list[QuestionRow]:
        set_id = generation.question_set_id
        rows = [question_row(set_id, claim.ordinal, question) for question in questions]
        if generation.replaced and rows:
            rows = self._replace(set_id, generation.replaced, rows[0])
        self._session.add_all(rows)
        return rows

    def _count(self, generation: Generation, made: int) -> int:
        """Add to the number of the set's questions; what it is then."""
        return self._session.execute(
            update(QuestionSet)
            .where(QuestionSet.id == generation.question_set_id)
            .values(delivered=QuestionSet.delivered + made)
            .returning(QuestionSet.delivered)
        ).scalar_one()

    def _replace(
        self, set_id: uuid.UUID, replaced: Replaced, row: QuestionRow
    ) -> list[QuestionRow]:
        """Put `row` in the place of the old question, unless its owner has removed that."""
        old = self._session.get_one(QuestionRow, replaced.question_id, with_for_update=True)
        if old.removed_at is not None:
            return []
        question_set = self._session.get_one(QuestionSet, set_id)
        old.removed_at = question_set.edited_at = datetime.now(UTC)
        row.replaces = old.id
        self._session.flush()
        return [row]

    def store_reviews(self, reviews: Sequence[Review]) -> None:
        """Note what the blind solve says of each question."""
        if not reviews:
            return
        told = (
            func.unnest(
                cast([one.question_id for one in reviews], ARRAY(Uuid)),
                cast([one.needs_review for one in reviews], ARRAY(Boolean)),
                cast([one.reason for one in reviews], ARRAY(Text)),
            )
            .table_valued("question_id", "needs_review", "reason")
            .render_derived()
        )
        self._session.execute(
            update(QuestionRow)
            .where(QuestionRow.id == told.c.question_id)
            .values(needs_review=told.c.needs_review, review_reason=told.c.reason)
            .execution_options(synchronize_session=False)
        )

    def close_batch(self, claim: Claim) -> None:
        """Mark the claimed batch as done, with what its chunks noted."""
        self._jobs.finish_chunk(claim)

    def follow(self, claim: Claim, generation: Generation) -> Followed:
        """Copy the followed set when it is done; follow another, or none, when it failed."""
        shared = SharedGenerations(self._session)
        own = self._session.get_one(QuestionSet, generation.question_set_id)
        shared.lock(own.cache_key)
        leader = self._session.get(QuestionSet, own.follows) if own.follows else None
        if leader is not None and shared.is_under_way(leader):
            return Followed.UNDER_WAY
        if leader is not None and leader.status in {"draft", "published"} and not leader.edited_at:
            job = self._jobs.finish_chunk(claim, {"follow": "copied"})
            shared.copy(leader, own, job)
            return Followed.COPIED
        next_leader = shared.leader(own.cache_key, own.id)
        own.follows = next_leader.id if next_leader else None
        if next_leader is not None:
            return Followed.UNDER_WAY
        self._jobs.finish_chunk(claim, {"follow": "lost"})
        return Followed.LOST

    def complete(
        self,
        generation: Generation,
        shortfall_reasons: Mapping[str, int],
        coverage: Mapping[str, Any],
    ) -> None:
        """End the job and turn the set into a draft; one without any question has failed."""
        question_set = self._session.get_one(QuestionSet, generation.question_set_id)
        if generation.replaced:
            self._complete_regeneration(generation, shortfall_reasons)
            return
        question_set.shortfall_reasons = dict(shortfall_reasons)
        question_set.coverage = {**question_set.coverage, **coverage}
        rows = self._count_delivered(question_set)
        if not rows:
            question_set.status = "failed"
            self._fail_empty(generation.job_id, shortfall_reasons)
            return
        question_set.status = "draft"
        question_set.completed_at = datetime.now(UTC)
        self._jobs.complete(generation.job_id, set_result(question_set))

    def _count_delivered(self, question_set: QuestionSet) -> Sequence[QuestionRow]:
        """Bring the set's coverage up to the questions it has; those."""
        rows = self.questions(question_set.id)
        coverage = question_set.coverage
        question_set.coverage = {**coverage, **delivered(rows, coverage)}
        return rows

    def _complete_regeneration(
        self, generation: Generation, shortfall_reasons: Mapping[str, int]
    ) -> None:
        assert generation.replaced  # noqa: S101
        made = self._session.execute(
            select(QuestionRow.id).where(QuestionRow.replaces == generation.replaced.question_id)
        ).scalar_one_or_none()
        if made is None:
            self._fail_empty(generation.job_id, shortfall_reasons)
            return
        self._count_delivered(self._session.get_one(QuestionSet, generation.question_set_id))
        result = {
            "question_set_id": str(generation.question_set_id),
            "question_id": str(made),
            "replaced": str(generation.replaced.question_id),
        }
        self._jobs.complete(generation.job_id, result)

    def _fail_empty(self, job_id: uuid.UUID, shortfall_reasons: Mapping[str, int]) -> None:
        reasons = ", ".join(sorted(shortfall_reasons)) or "unknown"
        message = f"No question could be made: {reasons}."
        self._jobs.fail(job_id, "no_questions", message)

    def fail(self, job_id: uuid.UUID, code: str, message: str) -> bool:
        """End the job badly, and its set with it; questions that were made stay readable."""
        return self._jobs.fail(job_id, code, message)


def _chunk_json(chunk: ChunkPlan) -> dict[str, Any]:
    return {
        "slots": [slot.as_json() for slot in chunk.slots],
        "passages": [[one.page, one.start, one.end] for one in chunk.passages],
    }


def _stored(row: JobChunk) -> dict[str, Any]:
    stored: dict[str, Any] = (row.result or {}).get("chunks", {})
    return stored


def _outcome(row: JobChunk, index: int, chunk: dict[str, Any]) -> ChunkOutcome:
    slots = tuple(Slot.from_json(value) for value in chunk["slots"])
    stored = _stored(row).get(str(index))
    if stored is None:
        reason = row.error_code or "chunk_unfinished"
        return ChunkOutcome(row.round, slots, {slot.number: reason for slot in slots})
    noted = noted_from_json(stored)
    return ChunkOutcome(row.round, slots, noted.rejections, noted.repeated)
