"""A generation from the first step to the last, in the order of the state machine:
plan → generate each chunk → finish, which refills what is missing or completes the set."""

import asyncio
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from functions.questions.ports import ChunkOutcome, Generation, GenerationStore, OpenStore
from functions.questions.prompts import generation_request
from functions.questions.rules import passages as passage_rules
from functions.questions.rules.blueprint import draw_up
from functions.questions.rules.checking import Checked, SourcePages, check
from functions.questions.rules.model import (
    ChunkPlan,
    DocumentPage,
    Passage,
    Question,
    QuestionType,
    Slot,
)
from functions.questions.rules.page_selection import worth_asking
from functions.questions.rules.similarity import Gist, same_question
from shared.ai import (
    LanguageModel,
    ReplyBlocked,
    ReplyInvalid,
    ReplyTruncated,
    RequestRefused,
)
from shared.errors import ChunkFailed, JobCancelled
from shared.jobs.model import Claim

MOST_ROUNDS = 3
REFILL_NEEDS = timedelta(seconds=60)
AVOIDED_STEMS = 40


class GenerationPipeline:
    """The steps of a generation. Each may be repeated: what is stored is stored once."""

    def __init__(
        self,
        open_store: OpenStore,
        model: Callable[[], LanguageModel],
        announce: Callable[[uuid.UUID], None],
        chunk_size: int,
    ) -> None:
        self._open_store = open_store
        self._model = model
        self._announce = announce
        self._chunk_size = chunk_size

    def plan(self, job_id: uuid.UUID) -> list[int]:
        """Spread the questions over the document; the ordinals of the chunks to generate."""
        with self._open_store() as store:
            generation = store.start(job_id)
            planned = store.chunk_ordinals(job_id, 1)
            if not planned:
                slots = draw_up(generation.parameters, seed=job_id.int)
                plans = self._deal(store, generation, slots)
                store.add_chunks(job_id, 1, 1, plans)
                planned = store.chunk_ordinals(job_id, 1)
        self._announce(job_id)
        return planned

    async def generate(self, claim: Claim) -> None:
        """Make one chunk's questions and store those that pass every check.

        Raises ChunkFailed where the model will never answer this, and the errors of shared.ai
        where it may later.
        """
        plan, pages, generation, told = await asyncio.to_thread(self._load, claim)
        checked = await self._ask(claim, plan, pages, generation, told)
        await asyncio.to_thread(self._store, claim, checked)

    def finish(self, job_id: uuid.UUID) -> list[int]:
        """Complete the set, or the ordinals of further chunks that fill what is missing."""
        with self._open_store() as store:
            generation = store.generation(job_id)
            outcomes = store.outcomes(job_id)
            missing = _missing(outcomes, set(store.filled(job_id)))
            refill = self._refill(store, generation, outcomes, missing)
            if not refill:
                reasons = _shortfall_reasons(outcomes, missing)
                store.complete(job_id, reasons, _coverage(outcomes))
        self._announce(job_id)
        return refill

    def fail(self, job_id: uuid.UUID, code: str, message: str) -> None:
        """End a generation that can't go on, with the reason."""
        with self._open_store() as store:
            store.fail(job_id, code, message)
        self._announce(job_id)

    def _deal(
        self, store: GenerationStore, generation: Generation, slots: Sequence[Slot]
    ) -> list[ChunkPlan]:
        parameters = generation.parameters
        pages = worth_asking(store.pages(generation.document_id), parameters.pages)
        found = [passage for page in pages for passage in passage_rules.cut(page)]
        if parameters.focus:
            found = passage_rules.about(found, parameters.focus)
        return passage_rules.deal(slots, found, self._chunk_size)

    def _load(self, claim: Claim) -> tuple[ChunkPlan, list[DocumentPage], Generation, list[str]]:
        slots = tuple(Slot.from_json(value) for value in claim.payload["slots"])
        spans: list[list[int]] = claim.payload["passages"]
        with self._open_store() as store:
            generation = store.generation(claim.job_id)
            pages = store.pages(generation.document_id, sorted({page for page, _, _ in spans}))
            told = store.stems(claim.job_id)[-AVOIDED_STEMS:] if claim.payload["refill"] else []
        text = {page.number: page.text for page in pages}
        cut = tuple(Passage(page, start, end, text[page][start:end]) for page, start, end in spans)
        return ChunkPlan(slots, cut), pages, generation, told

    async def _ask(
        self,
        claim: Claim,
        plan: ChunkPlan,
        pages: Sequence[DocumentPage],
        generation: Generation,
        told: Sequence[str],
    ) -> Checked:
        request = generation_request(
            slots=plan.slots,
            passages=plan.passages,
            language=generation.parameters.language,
            focus=generation.parameters.focus,
            avoid_stems=told,
            deadline=claim.deadline_at,
            user_id=claim.user_id,
            job_id=claim.job_id,
        )
        try:
            reply = await self._model().generate(request)
        except (ReplyBlocked, ReplyInvalid, ReplyTruncated, RequestRefused) as error:
            raise ChunkFailed(error.message, code=error.code) from error
        seed = str(generation.question_set_id)
        return check(reply.value.questions, plan.slots, SourcePages(pages), seed)

    def _store(self, claim: Claim, checked: Checked) -> None:
        with self._open_store() as store:
            store.generation(claim.job_id)
            known = store.filled(claim.job_id)
            kept: list[Question] = []
            rejections = {one.slot: one.reason for one in checked.rejections}
            for question in checked.questions:
                gist = gist_of(question)
                if any(same_question(gist, other) for other in known.values()):
                    rejections[question.slot.number] = "duplicate"
                else:
                    known[question.slot.number] = gist
                    kept.append(question)
            store.store_chunk(claim, kept, rejections)

    def _refill(
        self,
        store: GenerationStore,
        generation: Generation,
        outcomes: Sequence[ChunkOutcome],
        missing: Sequence[Slot],
    ) -> list[int]:
        """The chunks of one more round, unless nothing is missing or it would lead nowhere."""
        last = max((one.round for one in outcomes), default=0)
        late = generation.deadline_at - datetime.now(UTC) < REFILL_NEEDS
        if not missing or last >= MOST_ROUNDS or late:
            return []
        first = len(outcomes) + 1
        plans = self._deal(store, generation, missing)
        store.add_chunks(generation.job_id, first, last + 1, plans)
        return store.chunk_ordinals(generation.job_id, last + 1)


def gist_of(question: Question) -> Gist:
    """What a question is about, for telling duplicates."""
    match question.slot.type:
        case QuestionType.MCQ:
            assert isinstance(question.answer, int)  # noqa: S101
            return Gist.of(question.stem, question.options[question.answer])
        case QuestionType.TRUE_FALSE:
            return Gist.of(question.stem, "")
        case QuestionType.FILL_BLANK:
            assert isinstance(question.answer, tuple)  # noqa: S101
            return Gist.of(question.stem, question.answer[0])
        case QuestionType.SHORT_ANSWER:
            return Gist.of(question.stem, str(question.answer))


def _missing(outcomes: Sequence[ChunkOutcome], filled: set[int]) -> list[Slot]:
    slots = {slot.number: slot for one in outcomes for slot in one.slots}
    return [slot for number, slot in sorted(slots.items()) if number not in filled]


def _shortfall_reasons(outcomes: Sequence[ChunkOutcome], missing: Sequence[Slot]) -> dict[str, int]:
    """For each slot that stayed open the last reason, counted: they add up to the shortfall."""
    last: dict[int, str] = {}
    for outcome in sorted(outcomes, key=lambda one: (one.round, one.ordinal)):
        last.update(outcome.rejections)
    return dict(Counter(last.get(slot.number, "missing_item") for slot in missing))


def _coverage(outcomes: Sequence[ChunkOutcome]) -> dict[str, Any]:
    slots = {slot.number: slot for one in outcomes for slot in one.slots}.values()
    return {
        "requested_types": dict(Counter(slot.type.value for slot in slots)),
        "requested_difficulty": dict(Counter(slot.difficulty.value for slot in slots)),
        "requested_bloom": dict(Counter(slot.bloom.value for slot in slots)),
        "rounds": max((one.round for one in outcomes), default=0),
    }


__all__ = ["GenerationPipeline", "JobCancelled", "gist_of"]
