"""A generation from the first step to the last, in the order of the state machine:
plan → generate each batch of chunks → finish, which refills what is missing or completes it."""

import asyncio
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from functions.questions.asking import Asker, ChunkContext
from functions.questions.ports import Asked, Followed, Generation, GenerationStore, OpenStore
from functions.questions.prompts import Avoided
from functions.questions.rules import passages as passage_rules
from functions.questions.rules.batching import batches
from functions.questions.rules.blueprint import draw_up
from functions.questions.rules.checking import SourcePages, check
from functions.questions.rules.completeness import missing_slots, shortfall_reasons, wanted
from functions.questions.rules.coverage import planned_coverage
from functions.questions.rules.dealing import deal
from functions.questions.rules.model import ChunkPlan, Passage, Question, Slot, Span
from functions.questions.rules.page_selection import select_pages
from functions.questions.rules.sections import sections_of
from functions.questions.rules.similarity import gist_of, same_question
from functions.questions.rules.verification import Review
from shared.ai import LanguageModel, ModelSaturated
from shared.errors import JobCancelled
from shared.jobs.model import Claim

# Missing slots are asked for at their own page first, then anywhere; one more for what collides.
MOST_ROUNDS = 4
REFILL_NEEDS = timedelta(seconds=60)
AVOIDED_STEMS, AVOIDED_QUOTES = 40, 80
FOLLOWER_LOOKS = timedelta(seconds=2)
LONGEST_LOOK = timedelta(seconds=15)


class LeaderUnderWay(ModelSaturated):
    """Somebody else's generation of the same questions is under way: look again later."""


@dataclass(frozen=True)
class GenerationOptions:
    """How generations are cut up and whether their questions are verified."""

    chunk_size: int = 5
    chunks_per_batch: int = 30
    verify: bool = True


@dataclass(frozen=True)
class _Batch:
    """A claimed batch with all that its chunks need; `asked` grows while others are stored."""

    generation: Generation
    pages: SourcePages
    chunks: dict[int, ChunkPlan]
    asked: dict[uuid.UUID, Asked]
    avoided: tuple[Asked, ...]
    repeated: tuple[Span, ...] = ()
    # One at a time: the job's row lock would let the others wait in threads that model calls need.
    storing: asyncio.Lock = field(default_factory=asyncio.Lock)


class GenerationPipeline:
    """The steps of a generation. Each may be repeated: what is stored is stored once."""

    def __init__(
        self,
        open_store: OpenStore,
        model: Callable[[], LanguageModel],
        announce: Callable[[uuid.UUID], None],
        options: GenerationOptions,
    ) -> None:
        self._open_store = open_store
        self._asker = Asker(model)
        self._announce = announce
        self._options = options

    def plan(self, job_id: uuid.UUID) -> list[int]:
        """Spread the questions over the document; the ordinals of the batches to generate."""
        with self._open_store() as store:
            generation = store.start(job_id)
            planned = store.batch_ordinals(job_id, 0) or store.batch_ordinals(job_id, 1)
            if not planned and generation.follows:
                store.add_follower(job_id)
                planned = store.batch_ordinals(job_id, 0)
            elif not planned:
                planned = self._deal(store, generation, _blueprint(generation), 1)
        self._announce(job_id)
        return planned

    async def generate(self, claim: Claim) -> None:
        """Make the questions of a batch and store those that pass every check, chunk by chunk.

        Raises the errors of shared.ai that another attempt may mend; what was stored by then is
        not made again.
        """
        if "chunks" not in claim.payload:
            await asyncio.to_thread(self._follow, claim)
            return
        batch = await asyncio.to_thread(self._load, claim)
        ends = await asyncio.gather(
            *(self._generate(claim, batch, index) for index in batch.chunks),
            return_exceptions=True,
        )
        failures = [end for end in ends if isinstance(end, BaseException)]
        if failures:
            raise min(failures, key=_urgency)
        await asyncio.to_thread(self._close, claim)

    def finish(self, job_id: uuid.UUID) -> list[int]:
        """Complete the set, or the ordinals of further batches that fill what is missing."""
        with self._open_store() as store:
            generation = store.generation(job_id)
            outcomes = store.outcomes(job_id)
            if not outcomes:
                # It followed another generation, which came to nothing.
                return self._deal(store, generation, _blueprint(generation), 1)
            missing = missing_slots(outcomes, store.filled(generation))
            last = max(one.round for one in outcomes)
            late = generation.deadline_at - datetime.now(UTC) < REFILL_NEEDS
            refill: list[int] = []
            if missing and last < MOST_ROUNDS and not late:
                refill = self._deal(store, generation, missing, last + 1)
            else:
                reasons = shortfall_reasons(outcomes, missing)
                store.complete(generation, reasons, wanted(outcomes))
        self._announce(job_id)
        return refill

    def fail(self, job_id: uuid.UUID, code: str, message: str) -> None:
        """End a generation that can't go on, with the reason."""
        with self._open_store() as store:
            store.fail(job_id, code, message)
        self._announce(job_id)

    def _deal(
        self, store: GenerationStore, generation: Generation, slots: Sequence[Slot], round_: int
    ) -> list[int]:
        """Deal passages and slots to chunks, and these to batches; the batches' ordinals."""
        parameters = generation.parameters
        pages = store.pages(generation.document_id)
        selection, sections = select_pages(pages, parameters.pages), sections_of(pages)
        size = self._options.chunk_size
        longest = passage_rules.longest_for(selection.pages, -(-len(slots) // size))
        found = [
            one for page in selection.pages for one in passage_rules.cut(page, sections, longest)
        ]
        if generation.replaced:
            found = passage_rules.near(found, generation.replaced.page)
        elif parameters.focus:
            found = passage_rules.about(found, parameters.focus)
        again = round_ > 1 or generation.fresh or generation.replaced
        asked = [one.span for one in store.asked(generation)] if again else []
        chunks = deal(slots, found, size, asked)
        if round_ == 1 and not generation.replaced:
            store.note_plan(generation, planned_coverage(chunks, selection, sections))
        store.add_batches(
            generation.job_id, round_, batches(chunks, self._options.chunks_per_batch)
        )
        return store.batch_ordinals(generation.job_id, round_)

    def _follow(self, claim: Claim) -> None:
        with self._open_store() as store:
            generation = store.generation(claim.job_id)
            followed = store.follow(claim, generation)
        if followed is Followed.UNDER_WAY:
            now = datetime.now(UTC)
            pause = max(FOLLOWER_LOOKS, min(LONGEST_LOOK, (now - generation.created_at) / 4))
            raise LeaderUnderWay(now + pause, "same_questions_under_way")

    def _load(self, claim: Claim) -> _Batch:
        planned = dict(enumerate(claim.payload["chunks"]))
        with self._open_store() as store:
            generation = store.generation(claim.job_id)
            for index in store.finished_chunks(claim):
                del planned[index]
            numbers = {span[0] for chunk in planned.values() for span in chunk["passages"]}
            pages = store.pages(generation.document_id, sorted(numbers))
            asked = store.asked(generation)
            outcomes = store.outcomes(claim.job_id) if claim.payload["refill"] else []
        text = {page.number: page.text for page in pages}
        chunks = {index: _chunk_plan(chunk, text) for index, chunk in planned.items()}
        # In a first round nothing was asked before; what neighbours ask now is no news to avoid.
        again = claim.payload["refill"] or generation.fresh or generation.replaced
        known = {one.question_id: one for one in asked}
        avoided = tuple(asked) if again else ()
        repeated = tuple(span for one in outcomes for span in one.repeated)
        return _Batch(generation, SourcePages(pages), chunks, known, avoided, repeated)

    async def _generate(self, claim: Claim, batch: _Batch, index: int) -> None:
        plan, parameters = batch.chunks[index], batch.generation.parameters
        context = ChunkContext(
            passages=plan.passages,
            language=parameters.language,
            focus=parameters.focus,
            deadline=claim.deadline_at,
            user_id=claim.user_id,
            job_id=claim.job_id,
        )
        avoided = _to_avoid(batch.avoided, batch.repeated, plan.passages)
        proposals = await self._asker.propose(context, plan.slots, avoided)
        seed = str(batch.generation.question_set_id)
        checked = check(proposals.drafts, plan.slots, batch.pages, seed)
        rejections = {one.slot: one.reason for one in checked.rejections} | proposals.refused
        async with batch.storing:
            kept = await asyncio.to_thread(
                self._store, claim, batch, index, checked.questions, rejections
            )
        # Whoever tells may have to tell the neighbours' news too: the solve doesn't wait for that.
        await asyncio.gather(
            asyncio.to_thread(self._announce, claim.job_id), self._verify(context, kept)
        )

    async def _verify(self, context: ChunkContext, questions: Sequence[Question]) -> None:
        if questions and self._options.verify:
            reviews = await self._asker.verify(context, questions)
            await asyncio.to_thread(self._store_reviews, reviews)

    def _store(
        self,
        claim: Claim,
        batch: _Batch,
        index: int,
        questions: Sequence[Question],
        rejections: dict[int, str],
    ) -> list[Question]:
        """Store the questions that nobody has asked yet; those."""
        gists = [gist_of(question) for question in questions]
        with self._open_store() as store:
            store.lock(claim.job_id)
            news = store.asked(batch.generation, besides=list(batch.asked))
            batch.asked.update({one.question_id: one for one in news})
            known = [one.gist for one in batch.asked.values()]
            kept: list[Question] = []
            repeated: list[Span] = []
            for question, gist in zip(questions, gists, strict=True):
                if any(same_question(gist, other) for other in known):
                    rejections[question.slot.number] = "duplicate"
                    source = question.source
                    repeated.append(Span(source.page, source.start, source.end))
                else:
                    known.append(gist)
                    kept.append(question)
            store.store_chunk(claim, batch.generation, index, kept, rejections, repeated=repeated)
        return kept

    def _store_reviews(self, reviews: Sequence[Review]) -> None:
        with self._open_store() as store:
            store.store_reviews(reviews)

    def _close(self, claim: Claim) -> None:
        with self._open_store() as store:
            store.close_batch(claim)


def _blueprint(generation: Generation) -> list[Slot]:
    if generation.replaced:
        return [generation.replaced.slot]
    return draw_up(generation.parameters, seed=generation.job_id.int)


def _chunk_plan(chunk: dict[str, Any], text: dict[int, str]) -> ChunkPlan:
    slots = tuple(Slot.from_json(value) for value in chunk["slots"])
    passages = tuple(
        Passage(page, start, end, text[page][start:end]) for page, start, end in chunk["passages"]
    )
    return ChunkPlan(slots, passages)


def _to_avoid(
    asked: Sequence[Asked], repeated: Sequence[Span], passages: Sequence[Passage]
) -> Avoided:
    """The newest stems, those of the passages' own pages last, and the sentences of the passages
    that questions stand on, or stood on that were dropped as asked before: by its stem alone a
    question doesn't tell what it asks about."""
    spans = [Span(passage.page, passage.start, passage.end) for passage in passages]
    pages = {span.page for span in spans}
    oldest_first = sorted(asked, key=lambda one: one.span.page in pages)
    stems = tuple(one.stem for one in oldest_first[-AVOIDED_STEMS:])
    here = [one.quote for one in asked if any(one.span.overlaps(span) for span in spans)]
    dropped = [
        " ".join(passage.text[max(0, one.start - span.start) : one.end - span.start].split())
        for passage, span in zip(passages, spans, strict=True)
        for one in repeated
        if one.overlaps(span)
    ]
    return Avoided(stems, tuple(dict.fromkeys(here + dropped))[-AVOIDED_QUOTES:])


def _urgency(failure: BaseException) -> int:
    """Which of several chunks' failures the batch ends with: the end of the job before all."""
    for rank, kind in enumerate((JobCancelled, ModelSaturated)):
        if isinstance(failure, kind):
            return rank
    return 2
