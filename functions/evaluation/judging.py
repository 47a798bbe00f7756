"""The conversation with the model: answers in, checked judgements out."""

import asyncio
import secrets
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from functions.evaluation.ports import AnswerToGrade
from functions.evaluation.prompts import GradingReply, grading_request
from functions.evaluation.rules.contamination import is_contaminated
from functions.evaluation.rules.reply_checking import AnswerJudgement, check_reply
from shared.ai import (
    LanguageModel,
    ModelReply,
    ReplyBlocked,
    ReplyInvalid,
    ReplyTruncated,
    RequestRefused,
)
from shared.jobs.model import Claim
from shared.observability import get_logger

# The fate of these very answers: the same request would meet it again.
_REFUSED = (ReplyBlocked, ReplyInvalid, ReplyTruncated, RequestRefused)


@dataclass(frozen=True)
class Judged:
    """A judgement, the reply it was part of, and how many answers that reply was about."""

    judgement: AnswerJudgement
    reply: ModelReply[GradingReply]
    batch_size: int


@dataclass
class Judgements:
    """What came of asking: `interruption` is what kept the answers that are in neither."""

    judged: dict[uuid.UUID, Judged] = field(default_factory=dict)
    refused: dict[uuid.UUID, str] = field(default_factory=dict)
    interruption: Exception | None = None


class Judge:
    """Asks the model about answers, several in one request or each alone."""

    def __init__(self, model: Callable[[], LanguageModel], single_calls: int) -> None:
        self._model = model
        self._single_calls = single_calls

    async def together(
        self, claim: Claim, answers: Sequence[AnswerToGrade]
    ) -> dict[uuid.UUID, Judged]:
        """One request about all; an answer that the reply doesn't judge soundly is left out.

        A request that the model refuses, cuts short or lets answers move each other leaves all out.
        """
        try:
            return await self._ask(claim, answers)
        except _REFUSED as error:
            _tell_fallback(claim, error.code, len(answers))
            return {}

    async def one_by_one(self, claim: Claim, answers: Sequence[AnswerToGrade]) -> Judgements:
        """A request each. What can be had is had, also where another request is interrupted."""
        outcome = Judgements()
        free = asyncio.Semaphore(self._single_calls)

        async def ask(answer: AnswerToGrade) -> None:
            async with free:
                if outcome.interruption is None:
                    await self._ask_alone(claim, answer, outcome)

        async with asyncio.TaskGroup() as tasks:
            for answer in answers:
                tasks.create_task(ask(answer))
        return outcome

    async def _ask_alone(self, claim: Claim, answer: AnswerToGrade, outcome: Judgements) -> None:
        """A reply that doesn't judge the answer soundly gets a second chance."""
        try:
            judged = await self._ask(claim, [answer]) or await self._ask(claim, [answer])
        except _REFUSED as error:
            outcome.refused[answer.id] = error.code
        except Exception as error:
            outcome.interruption = outcome.interruption or error
        else:
            outcome.judged.update(judged)
            if not judged:
                outcome.refused[answer.id] = "reply_without_answer"

    async def _ask(self, claim: Claim, answers: Sequence[AnswerToGrade]) -> dict[uuid.UUID, Judged]:
        """One request. Ids are random, so that no learner can know a neighbour's."""
        by_id = {secrets.token_hex(4): answer for answer in answers}
        request = grading_request(
            answers=[(name, answer.question, answer.text) for name, answer in by_id.items()],
            deadline=claim.deadline_at,
            user_id=claim.user_id,
            job_id=claim.job_id,
        )
        reply = await self._model().generate(request)
        sent = {name: [one.id for one in answer.question.rubric] for name, answer in by_id.items()}
        checked = check_reply(sent, reply.value.model_dump())
        texts = {name: answer.text for name, answer in by_id.items()}
        if len(answers) > 1 and is_contaminated(checked.accepted, texts, _known(answers)):
            _tell_fallback(claim, "reply_contaminated", len(answers))
            return {}
        return {
            by_id[name].id: Judged(one, reply, len(answers))
            for name, one in checked.accepted.items()
        }


def _known(answers: Sequence[AnswerToGrade]) -> list[str]:
    questions = {answer.question.id: answer.question for answer in answers}.values()
    return [
        text
        for question in questions
        for text in (
            question.stem,
            question.reference_answer,
            question.source_quote,
            *(one.criterion for one in question.rubric),
        )
    ]


def _tell_fallback(claim: Claim, reason: str, answers: int) -> None:
    get_logger().warning(
        "a batch is asked about one by one",
        extra={"job_id": str(claim.job_id), "reason": reason, "answers": answers},
    )
