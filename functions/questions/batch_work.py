"""Makes a claimed batch: its chunks are asked side by side and stored together as they come.

A chunk whose reply left slots open asks again at once, of text that no other call is about.
"""

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from functions.questions.asking import Asker, ChunkContext
from functions.questions.claimed import (
    ClaimedBatch,
    OpenChunk,
    asked_by,
    to_avoid,
    without_filled,
)
from functions.questions.ports import ChunkResult, NotedChunk, OpenStore
from functions.questions.prompts import Avoided
from functions.questions.rules.checking import check
from functions.questions.rules.leftovers import Offer
from functions.questions.rules.model import ChunkPlan, Question, span_of
from functions.questions.rules.similarity import Gist, gist_of, same_question
from functions.questions.rules.verification import Review
from shared.jobs.model import Claim
from shared.jobs.urgency import most_urgent
from shared.together import Together

# What a chunk asks once more by itself; the job's further rounds are for what this didn't fill.
MOST_CALLS = 4
REFILL_NEEDS = timedelta(seconds=60)
# A worker has 55 s for its message. Where the model is slow, further rounds ask in new messages.
ASKS_AGAIN_FOR_SECONDS = 25.0


@dataclass(frozen=True)
class _Reply:
    """What came of one call: the questions that passed every check but that for repetitions."""

    chunk: OpenChunk
    questions: tuple[Question, ...]
    rejections: dict[int, str]
    refused: bool


@dataclass(frozen=True)
class _Stored:
    """What a chunk's call has added to the set, and how the chunk stands now."""

    questions: tuple[Question, ...]
    noted: NotedChunk


class BatchWork:
    """One claimed batch, from its first call to its last."""

    def __init__(
        self,
        claim: Claim,
        batch: ClaimedBatch,
        asker: Asker,
        open_store: OpenStore,
        announce: Callable[[uuid.UUID], None],
        *,
        verify: bool,
    ) -> None:
        self._claim = claim
        self._batch = batch
        self._asker = asker
        self._open_store = open_store
        self._announce = announce
        self._verify = verify
        # One transaction at a time: the job's row lock would let the others wait in threads that
        # model calls need. Those who wait are the next one's.
        self._storing = Together(self._store)
        self._reviewing = Together(self._store_reviews)
        self._telling = Together(self._tell)
        self._given_back = asyncio.Condition()
        self._asks_again_until = time.monotonic() + ASKS_AGAIN_FOR_SECONDS

    async def run(self) -> None:
        """Raises the errors of shared.ai that another attempt may mend, when all chunks are over:
        what was stored by then is not made again."""
        await _all(
            *(
                self._ask(chunk) if chunk.noted is None else self._ask_again(chunk)
                for chunk in self._batch.chunks
            )
        )

    async def _ask(self, chunk: OpenChunk) -> None:
        """One call for the chunk's slots and all that follows from it. Its text is lent to it."""
        stored: _Stored | None = None
        try:
            stored = await self._storing.do(await self._propose(chunk))
        finally:
            await self._give_back(chunk, stored)
        noted = stored.noted
        left = replace(chunk, plan=without_filled(chunk.plan, noted), noted=noted)
        # Whoever tells may have to tell the neighbours' news too: nothing else waits for that.
        await _all(
            self._telling.do(self._claim.job_id),
            self._solve(chunk, stored.questions),
            self._ask_again(left),
        )

    async def _propose(self, chunk: OpenChunk) -> _Reply:
        batch, plan = self._batch, chunk.plan
        if chunk.noted is not None:
            # It waited for its text: no call is spent where the job was cancelled meanwhile.
            await asyncio.to_thread(self._look)
        proposals = await self._asker.propose(self._context(plan), plan.slots, self._avoided(chunk))
        seed = str(batch.generation.question_set_id)
        checked = check(proposals.drafts, plan.slots, batch.pages, seed)
        rejections = {one.slot: one.reason for one in checked.rejections}
        rejections |= proposals.refused | proposals.postponed
        return _Reply(chunk, checked.questions, rejections, bool(proposals.refused))

    def _avoided(self, chunk: OpenChunk) -> Avoided:
        batch = self._batch
        if chunk.noted is None:
            return to_avoid(batch.avoided, list(batch.repeated), chunk.plan.passages)
        return to_avoid(list(batch.asked.values()), list(batch.repeated), chunk.plan.passages)

    async def _give_back(self, chunk: OpenChunk, stored: _Stored | None) -> None:
        exhausted = stored is not None and stored.noted.exhausted_its_text
        async with self._given_back:
            self._batch.leftovers.give_back(chunk.plan.passages, exhausted=exhausted)
            self._given_back.notify_all()

    async def _ask_again(self, chunk: OpenChunk) -> None:
        """Ask for the slots that stayed open, if that is of use, as soon as text for it is free."""
        noted = chunk.noted
        if noted is None or not noted.asks_again:
            return
        async with self._given_back:
            while (offer := self._offer(chunk)).wait:
                await self._given_back.wait()
            self._batch.leftovers.lend(offer.passages)
        if offer.passages:
            await self._ask(replace(chunk, plan=ChunkPlan(chunk.plan.slots, offer.passages)))

    def _offer(self, chunk: OpenChunk) -> Offer:
        if not self._has_time():
            return Offer()
        asked = [one.span for one in list(self._batch.asked.values())]
        return self._batch.leftovers.offer(chunk.plan.slots, [*asked, *list(self._batch.repeated)])

    def _has_time(self) -> bool:
        left = self._claim.deadline_at - datetime.now(UTC)
        return left > REFILL_NEEDS and time.monotonic() < self._asks_again_until

    async def _solve(self, chunk: OpenChunk, questions: Sequence[Question]) -> None:
        if questions and self._verify:
            reviews = await self._asker.verify(self._context(chunk.plan), questions)
            await self._reviewing.do(reviews)

    def _context(self, plan: ChunkPlan) -> ChunkContext:
        parameters, claim = self._batch.generation.parameters, self._claim
        return ChunkContext(
            passages=plan.passages,
            language=parameters.language,
            focus=parameters.focus,
            deadline=claim.deadline_at,
            user_id=claim.user_id,
            job_id=claim.job_id,
            asks_again=not claim.payload["refill"],
        )

    def _store(self, replies: Sequence[_Reply]) -> list[_Stored]:
        """Store the questions that nobody has asked yet, all replies' in one transaction."""
        batch = self._batch
        gists = [[gist_of(question) for question in reply.questions] for reply in replies]
        with self._open_store() as store:
            store.lock(self._claim.job_id)
            news = {
                one.question_id: one
                for one in store.asked(batch.generation, besides=list(batch.asked))
            }
            known = [one.gist for one in [*batch.asked.values(), *news.values()]]
            stored = []
            for reply, own in zip(replies, gists, strict=True):
                kept, repeated = _new_ones(reply.questions, own, known)
                stored.append(_Stored(kept, self._noted(reply, repeated)))
            results = [
                ChunkResult(reply.chunk.index, one.questions, one.noted)
                for reply, one in zip(replies, stored, strict=True)
            ]
            store.store_chunks(self._claim, batch.generation, results)
        batch.repeated.update((span, None) for one in stored for span in one.noted.repeated)
        batch.asked.update(news)
        batch.asked.update(
            (question.id, asked_by(question)) for one in stored for question in one.questions
        )
        return stored

    def _noted(self, reply: _Reply, repeated: Sequence[Question]) -> NotedChunk:
        before = reply.chunk.noted
        calls = 1 + (before.calls if before else 0)
        rejections = reply.rejections | {one.slot.number: "duplicate" for one in repeated}
        refill = bool(self._claim.payload["refill"])
        of_use = bool(rejections) and not reply.refused and not refill
        return NotedChunk(
            rejections,
            (*(before.repeated if before else ()), *(span_of(one.source) for one in repeated)),
            calls,
            asks_again=of_use and calls < MOST_CALLS,
        )

    def _look(self) -> None:
        with self._open_store() as store:
            store.check(self._claim)

    def _store_reviews(self, reviews: Sequence[Sequence[Review]]) -> Sequence[None]:
        with self._open_store() as store:
            store.store_reviews([one for some in reviews for one in some])
        return [None] * len(reviews)

    def _tell(self, job_ids: Sequence[uuid.UUID]) -> Sequence[None]:
        for job_id in set(job_ids):
            self._announce(job_id)
        return [None] * len(job_ids)


def _new_ones(
    questions: Sequence[Question], gists: Sequence[Gist], known: list[Gist]
) -> tuple[tuple[Question, ...], list[Question]]:
    """The questions that ask what no known one asks, which makes them known; and the others."""
    kept: list[Question] = []
    repeated: list[Question] = []
    for question, gist in zip(questions, gists, strict=True):
        if any(same_question(gist, other) for other in known):
            repeated.append(question)
        else:
            known.append(gist)
            kept.append(question)
    return tuple(kept), repeated


async def _all(*work: Awaitable[None]) -> None:
    """See all to their ends; of several failures the most urgent is raised."""
    ends = await asyncio.gather(*work, return_exceptions=True)
    failures = [end for end in ends if isinstance(end, BaseException)]
    if failures:
        raise most_urgent(failures)
