"""A generation from the first step to the last, in the order of the state machine:
plan → generate each batch of chunks → finish, which refills what is missing or completes it."""

import asyncio
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from functions.questions.asking import Asker
from functions.questions.batch_work import REFILL_NEEDS, BatchWork
from functions.questions.claimed import ClaimedBatch, load
from functions.questions.ports import Followed, Generation, GenerationStore, OpenStore
from functions.questions.rules import passages as passage_rules
from functions.questions.rules.batching import batches
from functions.questions.rules.blueprint import draw_up
from functions.questions.rules.completeness import missing_slots, shortfall_reasons, wanted
from functions.questions.rules.coverage import planned_coverage
from functions.questions.rules.dealing import deal
from functions.questions.rules.model import Passage, Slot
from functions.questions.rules.outlines import document_sections
from functions.questions.rules.page_selection import select_pages
from shared.ai import LanguageModel, ModelSaturated
from shared.jobs.model import Claim

# Missing slots are asked for at their own page first, then anywhere; one more for what collides.
MOST_ROUNDS = 4
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
        work = BatchWork(
            claim,
            batch,
            self._asker,
            self._open_store,
            self._announce,
            verify=self._options.verify,
        )
        await work.run()
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
        pages = store.pages(generation)
        selection = select_pages(pages, parameters.pages)
        sections = document_sections(pages, store.outline(generation))
        size = self._options.chunk_size
        longest = passage_rules.longest_for(selection.pages, -(-len(slots) // size))
        found = [
            one for page in selection.pages for one in passage_rules.cut(page, sections, longest)
        ]
        focused: list[Passage] = []
        if generation.replaced:
            found = passage_rules.near(found, generation.replaced.page)
        elif parameters.focus:
            focused = passage_rules.about(found, parameters.focus)
            # The model may know the matter under another name.
            found = focused or found
        again = round_ > 1 or generation.fresh or generation.replaced
        asked = [one.span for one in store.asked(generation)] if again else []
        chunks = deal(slots, found, size, asked)
        if round_ == 1 and not generation.replaced:
            coverage = planned_coverage(chunks, selection, sections)
            if parameters.focus:
                coverage["focus_found"] = bool(focused)
            store.note_plan(generation, coverage)
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

    def _load(self, claim: Claim) -> ClaimedBatch:
        with self._open_store() as store:
            return load(store, claim)

    def _close(self, claim: Claim) -> None:
        with self._open_store() as store:
            store.close_batch(claim)


def _blueprint(generation: Generation) -> list[Slot]:
    if generation.replaced:
        return [generation.replaced.slot]
    return draw_up(generation.parameters, seed=generation.job_id.int)
