"""Grades answers again after a teacher has edited a question's key, reference answer or rubric.

The questions service leaves a request in the edit's own transaction; it is handled when grades of
the set are read next, or by the scheduled sweep, whichever comes first. What rules grade is graded
again at once; free answers by a job, in batches, and by another one where that ended badly. A
person's grade stands.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from functions.evaluation.batch_plans import plan_chunks
from functions.evaluation.regrading_by_model import regrade_zeros
from functions.evaluation.regrading_by_rule import regrade_objective
from functions.evaluation.regrading_requests import RegradeRequests
from functions.evaluation.regrading_store import AskedAgain, RegradeOrder, asked_again
from functions.evaluation.rules.suspicion import find_suspicions
from shared.database.tables.jobs import Job
from shared.jobs.model import JobKind
from shared.jobs.store import JobStore

EDITED = "The question was edited."


@dataclass(frozen=True)
class Regraded:
    """What a regrading did: answers looked at, grades that rules changed, the job of the rest."""

    answers: int
    changed: int
    job: Job | None = None
    ordinals: tuple[int, ...] = ()


class Regrading:
    """Open requests within one session. Jobs that it makes are to be started after the commit."""

    def __init__(self, session: Session, *, batch_size: int, deadline: timedelta) -> None:
        self._session = session
        self._requests = RegradeRequests(session)
        self._batch_size = batch_size
        self._deadline = deadline

    def open_questions(self, limit: int) -> list[uuid.UUID]:
        """Questions with requests to handle, the longest waiting ones first."""
        return self._requests.questions(limit)

    def settle(self) -> int:
        """Let go of requests that nothing more is to be done about; how many."""
        return self._requests.settle()

    def handle_set(self, question_set_id: uuid.UUID) -> list[Regraded]:
        """Handle what is open for the questions of a set."""
        questions = self._requests.questions_of_set(question_set_id)
        return [done for one in questions if (done := self.handle(one))]

    def handle(self, question_id: uuid.UUID) -> Regraded | None:
        """Handle a question's requests as one: the question counts as it stands now.

        None where there are none, or another transaction is handling them.
        """
        request = self._requests.take(question_id)
        if request is None:
            return None
        done = self.regrade(question_id, request.requested_by)
        request.job_id = done.job.id if done.job else None
        self._session.flush()
        return done

    def regrade(self, question_id: uuid.UUID, by_user: uuid.UUID | None) -> Regraded:
        """Grade the answers that were graded by an older version of the question."""
        asked = asked_again(self._session, question_id)
        order = RegradeOrder(question_id, asked.question.version, by_user, EDITED)
        if asked.question.type != "short_answer":
            return Regraded(len(asked.answers), regrade_objective(self._session, asked, order))
        changed, left = regrade_zeros(self._session, asked, order)
        job, ordinals = self._plan(asked, order, left)
        return Regraded(len(asked.answers), changed, job, ordinals)

    def _plan(
        self, asked: AskedAgain, order: RegradeOrder, left: Sequence[uuid.UUID]
    ) -> tuple[Job | None, tuple[int, ...]]:
        if not left:
            return None, ()
        answers = [one for one in asked.to_grade() if one.id in set(left)]
        criteria = [str(one["criterion"]) for one in asked.question.rubric]
        suspicious = {one.id for one in answers if find_suspicions(one.text, criteria)}
        chunks = plan_chunks(answers, suspicious, self._batch_size, **order.as_payload())
        jobs = JobStore(self._session)
        user_id = order.by_user or asked.question_set.user_id
        job = jobs.create(JobKind.EVALUATION, user_id, len(answers), self._deadline)
        jobs.add_chunks(job.id, chunks)
        return job, tuple(chunk.ordinal for chunk in chunks)
