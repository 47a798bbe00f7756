"""An evaluation after its submission, in the order of the state machine:
grade each batch of free answers → finish."""

import asyncio
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from functions.evaluation.batch_plans import groups_of
from functions.evaluation.grading import grade_of
from functions.evaluation.judging import Judge, Judged
from functions.evaluation.ports import (
    AnswerToGrade,
    BatchOutcome,
    NewGrade,
    OpenStore,
    Ungraded,
)
from shared.jobs.model import Claim


class EvaluationPipeline:
    """The steps of an evaluation. Each may be repeated: a grade is stored once."""

    def __init__(
        self, open_store: OpenStore, judge: Judge, announce: Callable[[uuid.UUID], None]
    ) -> None:
        self._open_store = open_store
        self._judge = judge
        self._announce = announce

    async def grade(self, claim: Claim) -> None:
        """Judge one batch of answers, or the answer of an appeal, and store what comes of it.

        Whatever the batch's reply leaves open is asked again, each answer alone. An answer that the
        model refuses to judge even alone is left ungraded, with the reason. What was graded before
        an interruption is kept, so that the next attempt asks about the rest only.
        """
        if "appeal" in claim.payload:
            await self._grade_appeal(claim, uuid.UUID(claim.payload["appeal"]))
            return
        left, known = await asyncio.to_thread(self._load, claim)
        if len(left) > 1 and not claim.payload.get("alone"):
            judged = await self._judge.together(claim, left)
            if len(judged) == len(left):
                await self._finish(claim, _outcome(claim, left, judged, {}, known))
                return
            if judged:
                await self._keep(claim, _outcome(claim, left, judged, {}, known))
                known, left = [], [answer for answer in left if answer.id not in judged]
        alone = await self._judge.one_by_one(claim, left)
        outcome = _outcome(claim, left, alone.judged, alone.refused, known)
        if alone.interruption is not None:
            if outcome.grades:
                await self._keep(claim, outcome)
            raise alone.interruption
        await self._finish(claim, outcome)

    def finish(self, job_id: uuid.UUID) -> None:
        """Complete the submission or the appeal."""
        with self._open_store() as store:
            store.complete(job_id)
        self._announce(job_id)

    def fail(self, job_id: uuid.UUID, code: str, message: str) -> None:
        """End an evaluation that can't go on, with the reason; grades that were given stay."""
        with self._open_store() as store:
            store.fail(job_id, code, message)
        self._announce(job_id)

    def _load(self, claim: Claim) -> tuple[list[AnswerToGrade], list[NewGrade]]:
        """The answers that are left to be judged, and grades that the cache has got meanwhile."""
        with self._open_store() as store:
            started = store.start(claim.job_id)
            answers = _one_of_each(claim, store.open_answers(claim))
            known = store.from_cache(answers)
        if started:
            self._announce(claim.job_id)
        graded = {grade.answer_id for grade in known}
        return [answer for answer in answers if answer.id not in graded], known

    async def _keep(self, claim: Claim, outcome: BatchOutcome) -> None:
        def keep() -> None:
            with self._open_store() as store:
                store.keep(claim, outcome)
            self._announce(claim.job_id)

        await asyncio.to_thread(keep)

    async def _finish(self, claim: Claim, outcome: BatchOutcome) -> None:
        def finish() -> None:
            with self._open_store() as store:
                store.finish_batch(claim, outcome)

        await asyncio.to_thread(finish)

    async def _grade_appeal(self, claim: Claim, appeal_id: uuid.UUID) -> None:
        """A fresh single grading: without the cache, blind to the grade that is doubted."""
        answer = await asyncio.to_thread(self._load_appealed, claim, appeal_id)
        asked = await self._judge.one_by_one(claim, [answer])
        if asked.interruption is not None:
            raise asked.interruption
        fresh: NewGrade | Ungraded
        if answer.id in asked.judged:
            fresh = grade_of(answer, asked.judged[answer.id], at=datetime.now(UTC))
        else:
            fresh = Ungraded(answer.id, asked.refused[answer.id])
        await asyncio.to_thread(self._store_appeal, claim, appeal_id, fresh)

    def _load_appealed(self, claim: Claim, appeal_id: uuid.UUID) -> AnswerToGrade:
        with self._open_store() as store:
            store.start(claim.job_id)
            return store.appealed(appeal_id)

    def _store_appeal(self, claim: Claim, appeal_id: uuid.UUID, fresh: NewGrade | Ungraded) -> None:
        with self._open_store() as store:
            store.finish_appeal(claim, appeal_id, fresh)


def _outcome(
    claim: Claim,
    answers: Sequence[AnswerToGrade],
    judged: Mapping[uuid.UUID, Judged],
    refused: Mapping[uuid.UUID, str],
    known: Sequence[NewGrade],
) -> BatchOutcome:
    """Grades for what was judged; equal answers share theirs."""
    now = datetime.now(UTC)
    fresh = [
        (answer, grade_of(answer, judged[answer.id], at=now))
        for answer in answers
        if answer.id in judged
    ]
    grades = [*(grade for _, grade in fresh), *known]
    return BatchOutcome(
        fresh=fresh,
        others=[
            *known,
            *(grade.copied_to(twin) for grade in grades for twin in _twins(claim, grade.answer_id)),
        ],
        ungraded=[
            Ungraded(one, reason)
            for answer_id, reason in refused.items()
            for one in (answer_id, *_twins(claim, answer_id))
        ],
    )


def _one_of_each(claim: Claim, answers: Sequence[AnswerToGrade]) -> list[AnswerToGrade]:
    """The first of each group of equal answers: a person may have graded the others meanwhile."""
    waiting = {answer.id: answer for answer in answers}
    firsts = (next((one for one in group if one in waiting), None) for group in _groups(claim))
    return [waiting[one] for one in firsts if one is not None]


def _twins(claim: Claim, answer_id: uuid.UUID) -> list[uuid.UUID]:
    [group] = [group for group in _groups(claim) if answer_id in group]
    return [one for one in group if one != answer_id]


def _groups(claim: Claim) -> list[list[uuid.UUID]]:
    return groups_of(claim.payload)
