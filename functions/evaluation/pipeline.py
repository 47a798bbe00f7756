"""An evaluation after its submission, in the order of the state machine:
grade each batch of free answers → finish."""

import asyncio
import secrets
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from functions.evaluation.grading import grade_of
from functions.evaluation.ports import AnswerToGrade, NewGrade, OpenStore, Ungraded
from functions.evaluation.prompts import grading_request
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

_REFUSED = (ReplyBlocked, ReplyInvalid, ReplyTruncated, RequestRefused)
Judged = dict[uuid.UUID, tuple[AnswerJudgement, ModelReply[Any]]]
CacheKeys = Callable[[AnswerToGrade], str]


class EvaluationPipeline:
    """The steps of an evaluation. Each may be repeated: a grade is stored once."""

    def __init__(
        self,
        open_store: OpenStore,
        model: Callable[[], LanguageModel],
        announce: Callable[[uuid.UUID], None],
        cache_key: CacheKeys,
    ) -> None:
        self._open_store = open_store
        self._model = model
        self._announce = announce
        self._cache_key = cache_key

    async def grade(self, claim: Claim) -> None:
        """Judge one batch of answers and store their grades.

        An answer that the model refuses to judge even alone is left ungraded, with the reason.
        """
        answers = await asyncio.to_thread(self._load, claim)
        judged, refused = await self._judge(claim, answers)
        await asyncio.to_thread(self._store, claim, answers, judged, refused)

    def finish(self, job_id: uuid.UUID) -> None:
        """Complete the submission."""
        with self._open_store() as store:
            store.complete(job_id)
        self._announce(job_id)

    def fail(self, job_id: uuid.UUID, code: str, message: str) -> None:
        """End an evaluation that can't go on, with the reason; grades that were given stay."""
        with self._open_store() as store:
            store.fail(job_id, code, message)
        self._announce(job_id)

    def _load(self, claim: Claim) -> list[AnswerToGrade]:
        with self._open_store() as store:
            store.start(claim.job_id)
            answers = store.answers([uuid.UUID(one) for one in claim.payload["answers"]])
        self._announce(claim.job_id)
        return answers

    async def _judge(
        self, claim: Claim, answers: Sequence[AnswerToGrade]
    ) -> tuple[Judged, dict[uuid.UUID, str]]:
        """The batch at once; whatever that leaves open is asked again, each answer alone."""
        judged: Judged = {}
        refused: dict[uuid.UUID, str] = {}
        try:
            judged.update(await self._ask(claim, answers))
        except _REFUSED as error:
            if len(answers) == 1:
                return {}, {answers[0].id: error.code}
        left = [answer for answer in answers if answer.id not in judged]
        results = await asyncio.gather(
            *(self._ask(claim, [answer]) for answer in left), return_exceptions=True
        )
        for answer, result in zip(left, results, strict=True):
            if isinstance(result, _REFUSED):
                refused[answer.id] = result.code
            elif isinstance(result, BaseException):
                raise result
            elif answer.id in result:
                judged.update(result)
            else:
                refused[answer.id] = "reply_without_answer"
        return judged, refused

    async def _ask(self, claim: Claim, answers: Sequence[AnswerToGrade]) -> Judged:
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
        return {by_id[name].id: (one, reply) for name, one in checked.accepted.items()}

    def _store(
        self,
        claim: Claim,
        answers: Sequence[AnswerToGrade],
        judged: Judged,
        refused: Mapping[uuid.UUID, str],
    ) -> None:
        now = datetime.now(UTC)
        copies: dict[str, list[str]] = claim.payload["copies"]
        grades: list[NewGrade] = []
        ungraded: list[Ungraded] = []
        keys: dict[uuid.UUID, str] = {}
        for answer in answers:
            twins = [uuid.UUID(one) for one in copies.get(str(answer.id), [])]
            if answer.id not in judged:
                reason = refused[answer.id]
                ungraded += [Ungraded(one, reason) for one in (answer.id, *twins)]
                continue
            grade = grade_of(answer, *judged[answer.id], at=now)
            keys[answer.id] = self._cache_key(answer)
            grades += [grade, *(grade.copied_to(twin) for twin in twins)]
        with self._open_store() as store:
            store.store_batch(claim, grades, ungraded, keys)
