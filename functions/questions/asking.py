"""What a chunk asks the model: for questions, in smaller pieces where a reply was cut off, and for
a blind solve of those that passed the checks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from functions.questions.drafts import DraftQuestion, whole_drafts
from functions.questions.prompts import Avoided, generation_request, verification_request
from functions.questions.rules.model import Passage, Question, Slot
from functions.questions.rules.verification import Review, review, unverified
from shared.ai import (
    LanguageModel,
    LanguageModelError,
    ReplyBlocked,
    ReplyInvalid,
    ReplyTruncated,
    RequestRefused,
)
from shared.observability import get_logger


@dataclass(frozen=True)
class ChunkContext:
    """What all calls of a chunk have in common. `asks_again` says whether the chunk itself asks
    once more for slots that stay open."""

    passages: tuple[Passage, ...]
    language: str | None
    focus: str | None
    deadline: datetime
    user_id: UUID
    job_id: UUID
    asks_again: bool = False


@dataclass
class Proposals:
    """What the model proposed, for slots that it will never fill the reason, and for those that it
    couldn't be asked about now what kept it."""

    drafts: list[DraftQuestion] = field(default_factory=list)
    refused: dict[int, str] = field(default_factory=dict)
    postponed: dict[int, str] = field(default_factory=dict)

    def __add__(self, other: "Proposals") -> "Proposals":
        return Proposals(
            self.drafts + other.drafts,
            self.refused | other.refused,
            self.postponed | other.postponed,
        )


class Asker:
    """Talks to the model about one chunk at a time."""

    def __init__(self, model: Callable[[], LanguageModel]) -> None:
        self._model = model

    async def propose(
        self, context: ChunkContext, slots: Sequence[Slot], avoid: Avoided
    ) -> Proposals:
        """Proposals for `slots`. Raises the errors of shared.ai that another attempt may mend."""
        request = generation_request(
            slots=slots,
            passages=context.passages,
            language=context.language,
            focus=context.focus,
            avoid=avoid,
            deadline=context.deadline,
            user_id=context.user_id,
            job_id=context.job_id,
        )
        try:
            reply = await self._model().generate(request)
        except ReplyTruncated as error:
            return await self._propose_the_rest(context, slots, avoid, error)
        except (ReplyBlocked, ReplyInvalid, RequestRefused) as error:
            return Proposals(refused={slot.number: error.code for slot in slots})
        return Proposals(list(reply.value.questions))

    async def _propose_the_rest(
        self, context: ChunkContext, slots: Sequence[Slot], avoid: Avoided, error: ReplyTruncated
    ) -> Proposals:
        """What the cut reply had whole is kept; the rest is asked for, or all of it in halves."""
        numbers = {slot.number for slot in slots}
        kept = Proposals([one for one in whole_drafts(error.text) if one.slot in numbers])
        filled = {draft.slot for draft in kept.drafts}
        left = [slot for slot in slots if slot.number not in filled]
        if kept.drafts:
            return await self._added(context, kept, left, avoid) if left else kept
        if len(slots) == 1:
            return Proposals(refused={slots[0].number: error.code})
        middle = (len(slots) + 1) // 2
        first = await self.propose(context, slots[:middle], avoid)
        return await self._added(context, first, slots[middle:], avoid)

    async def _added(
        self, context: ChunkContext, first: Proposals, slots: Sequence[Slot], avoid: Avoided
    ) -> Proposals:
        """The first proposals and those for `slots`.

        Where the model can't be asked now and the chunk asks again by itself, the first alone: they
        are paid for, and where quota is short all of them might never be had in one go.
        """
        told = Avoided(
            (*avoid.stems, *(draft.stem for draft in first.drafts)),
            (*avoid.quotes, *(draft.quote for draft in first.drafts)),
        )
        try:
            second = await self.propose(context, slots, told)
        except LanguageModelError as error:
            if not (context.asks_again and first.drafts):
                raise
            return first + Proposals(postponed={slot.number: error.code for slot in slots})
        return first + second

    async def verify(self, context: ChunkContext, questions: Sequence[Question]) -> list[Review]:
        """What a blind solve says of each question. Never raises: a question outlives its check."""
        request = verification_request(
            questions=questions,
            passages=context.passages,
            deadline=context.deadline,
            user_id=context.user_id,
            job_id=context.job_id,
        )
        try:
            reply = await self._model().generate(request)
        except LanguageModelError as error:
            return unverified(questions, error.code)
        except Exception:
            get_logger().exception("a blind solve failed")
            return unverified(questions, "verification_failed")
        return review(questions, reply.value.solutions)
