"""A claimed batch as its worker finds it: what is to be asked, of which text, and what not."""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from functions.questions.ports import Asked, Generation, GenerationStore, NotedChunk
from functions.questions.prompts import Avoided
from functions.questions.rules.checking import SourcePages
from functions.questions.rules.completeness import ChunkOutcome
from functions.questions.rules.leftovers import Leftovers
from functions.questions.rules.model import (
    ChunkPlan,
    Passage,
    Question,
    Slot,
    Span,
    span_of,
)
from functions.questions.rules.similarity import gist_of
from shared.jobs.model import Claim

AVOIDED_STEMS, AVOIDED_QUOTES = 40, 80


@dataclass(frozen=True)
class OpenChunk:
    """A chunk with slots to fill. After a call that left some open `noted` says why."""

    index: int
    plan: ChunkPlan
    noted: NotedChunk | None = None


@dataclass(frozen=True)
class ClaimedBatch:
    """A claimed batch with all that its chunks need. While they are stored, `asked` grows, and so
    does `repeated`, an ordered set of where questions stand that were dropped as asked before."""

    generation: Generation
    pages: SourcePages
    chunks: tuple[OpenChunk, ...]
    leftovers: Leftovers
    asked: dict[uuid.UUID, Asked]
    avoided: tuple[Asked, ...]
    repeated: dict[Span, None]


def load(store: GenerationStore, claim: Claim) -> ClaimedBatch:
    """What is still to be done of the batch. Raises JobCancelled."""
    planned: list[dict[str, Any]] = claim.payload["chunks"]
    generation = store.generation(claim.job_id)
    noted = store.noted_chunks(claim)
    numbers = {span[0] for chunk in planned for span in chunk["passages"]}
    pages = store.pages(generation, sorted(numbers))
    asked = store.asked(generation)
    outcomes = store.outcomes(claim.job_id) if claim.payload["refill"] else []
    text = {page.number: page.text for page in pages}
    plans = [_chunk_plan(chunk, text) for chunk in planned]
    # In a first round nothing was asked before; what neighbours ask now is no news to avoid.
    again = claim.payload["refill"] or generation.fresh or generation.replaced
    return ClaimedBatch(
        generation,
        SourcePages(pages),
        tuple(_open(plans, noted)),
        _leftovers(plans, noted),
        {one.question_id: one for one in asked},
        tuple(asked) if again else (),
        dict.fromkeys(_repeated(outcomes, noted)),
    )


def _repeated(outcomes: Sequence[ChunkOutcome], noted: dict[int, NotedChunk]) -> Iterator[Span]:
    for outcome in outcomes:
        yield from outcome.repeated
    for one in noted.values():
        yield from one.repeated


def _chunk_plan(chunk: dict[str, Any], text: dict[int, str]) -> ChunkPlan:
    slots = tuple(Slot.from_json(value) for value in chunk["slots"])
    passages = tuple(
        Passage(page, start, end, text[page][start:end]) for page, start, end in chunk["passages"]
    )
    return ChunkPlan(slots, passages)


def _open(plans: Sequence[ChunkPlan], noted: dict[int, NotedChunk]) -> list[OpenChunk]:
    """The chunks that were never stored, and those that were about to ask again."""
    chunks = []
    for index, plan in enumerate(plans):
        found = noted.get(index)
        if found is None:
            chunks.append(OpenChunk(index, plan))
        elif found.asks_again:
            chunks.append(OpenChunk(index, without_filled(plan, found), found))
    return chunks


def without_filled(plan: ChunkPlan, noted: NotedChunk) -> ChunkPlan:
    """The plan with the slots alone that stayed open."""
    slots = tuple(slot for slot in plan.slots if slot.number in noted.rejections)
    return replace(plan, slots=slots)


def _leftovers(plans: Sequence[ChunkPlan], noted: dict[int, NotedChunk]) -> Leftovers:
    leftovers = Leftovers(passage for plan in plans for passage in plan.passages)
    for index, plan in enumerate(plans):
        leftovers.lend(plan.passages)
        if index in noted:
            leftovers.give_back(plan.passages, exhausted=noted[index].exhausted_its_text)
    return leftovers


def asked_by(question: Question) -> Asked:
    """A question that was just stored, as those who come later know it."""
    source = question.source
    return Asked(question.id, span_of(source), question.stem, source.quote, gist_of(question))


def to_avoid(
    asked: Sequence[Asked], repeated: Sequence[Span], passages: Sequence[Passage]
) -> Avoided:
    """The newest stems, those of the passages' own pages last, and the sentences of the passages
    that questions stand on, or stood on that were dropped as asked before: by its stem alone a
    question doesn't tell what it asks about."""
    spans = [span_of(passage) for passage in passages]
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
