"""What happens in the request when answers are handed in, and what is read afterwards."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from functions.evaluation.access import graded_set, grades, readable_submission
from functions.evaluation.batch_plans import plan_chunks
from functions.evaluation.deadlines import Deadlines
from functions.evaluation.disclosure import Disclosure
from functions.evaluation.grade_cache import GradeCache
from functions.evaluation.grade_store import add_first_grades
from functions.evaluation.ports import AnswerToGrade
from functions.evaluation.reading import language_of_set
from functions.evaluation.schemas import AnswerBody, LearnerSheetBody
from functions.evaluation.sheets import AskedSet, MarkedSheet, Sheet, asked_set, mark_all
from shared.database.tables.evaluation import Answer, Grade, Submission
from shared.database.tables.jobs import Job
from shared.database.tables.questions import Question
from shared.errors import Forbidden, InvalidRequest
from shared.jobs.model import JobKind
from shared.jobs.store import JobStore
from shared.pagination import PageRequest
from shared.sessions import Caller


@dataclass(frozen=True)
class Submitted:
    """A submission as it was stored, and the job that grades the rest, if any is left."""

    submission: Submission
    answers: list[tuple[Answer, Question]]
    grades: dict[uuid.UUID, Grade]
    job: Job | None
    ordinals: tuple[int, ...]
    language: str | None


@dataclass(frozen=True)
class ClassSubmitted:
    """The submissions of many learners, in their order, and the one job that grades the rest."""

    submissions: list[Submission]
    job: Job | None
    ordinals: tuple[int, ...]


@dataclass(frozen=True)
class _Stored:
    """What handing in came to."""

    sheets: list[MarkedSheet]
    grades: dict[uuid.UUID, Grade]
    job: Job | None
    ordinals: tuple[int, ...]


class EvaluationService:
    """Submissions within one session, for one caller."""

    def __init__(
        self,
        session: Session,
        caller: Caller,
        cache: GradeCache,
        *,
        batch_size: int,
        deadlines: Deadlines,
        most_characters: int,
        most_class_answers: int,
    ) -> None:
        self._session = session
        self._caller = caller
        self._cache = cache
        self._batch_size = batch_size
        self._deadlines = deadlines
        self._most_characters = most_characters
        self._most_class_answers = most_class_answers

    def submit(self, question_set_id: uuid.UUID, answers: Sequence[AnswerBody]) -> Submitted:
        """Store answers, grade at once what needs no model, and plan batches for the rest.

        Raises NotFound, Conflict `question_set_not_ready` and InvalidRequest naming the answer
        that has no question, stands twice, has the wrong form or is too long.
        """
        asked = asked_set(self._session, self._caller, question_set_id)
        stored = self._hand_in(asked, [Sheet(answers)])
        [sheet] = stored.sheets
        return Submitted(
            sheet.submission,
            sheet.answers,
            stored.grades,
            stored.job,
            stored.ordinals,
            asked.language,
        )

    def submit_class(
        self, question_set_id: uuid.UUID, sheets: Sequence[LearnerSheetBody]
    ) -> ClassSubmitted:
        """Store the answers of many learners without an account, graded together by one job.

        Raises as `submit`, Forbidden unless the set's grades are the caller's to give, and
        InvalidRequest for a learner who stands twice or too many answers in all.
        """
        graded_set(self._session, self._caller, question_set_id)
        asked = asked_set(self._session, self._caller, question_set_id)
        self._check_class(sheets)
        stored = self._hand_in(
            asked,
            [
                Sheet(one.answers, one.learner, f"submissions.{number}.", one.learner_key)
                for number, one in enumerate(sheets)
            ],
        )
        submissions = [sheet.submission for sheet in stored.sheets]
        return ClassSubmitted(submissions, stored.job, stored.ordinals)

    def _check_class(self, sheets: Sequence[LearnerSheetBody]) -> None:
        seen: set[tuple[str, str]] = set()
        for number, sheet in enumerate(sheets):
            named_by = "learner" if sheet.learner_key is None else "learner_key"
            who = (named_by, sheet.learner_key or sheet.learner)
            if who in seen:
                raise InvalidRequest.field(f"submissions.{number}.{named_by}", "stands twice")
            seen.add(who)
        if sum(len(sheet.answers) for sheet in sheets) > self._most_class_answers:
            message = f"must have at most {self._most_class_answers} answers in all"
            raise InvalidRequest.field("submissions", message, code="too_many_answers")

    def _hand_in(self, asked: AskedSet, sheets: Sequence[Sheet]) -> _Stored:
        marked = mark_all(asked, sheets, self._caller.user_id, self._most_characters)
        free = [answer for sheet in marked for answer in sheet.free]
        known = self._cache.find(free)
        graded = {grade.answer_id for grade in known}
        left = [answer for answer in free if answer.id not in graded]
        self._store(marked, {answer.id for answer in left})
        rule_grades = [grade for sheet in marked for grade in sheet.grades]
        rows = add_first_grades(self._session, [*rule_grades, *known])
        job, ordinals = self._plan(marked, left)
        return _Stored(marked, {grade.answer_id: grade for grade in rows}, job, ordinals)

    def _store(self, marked: Sequence[MarkedSheet], left: set[uuid.UUID]) -> None:
        now = datetime.now(UTC)
        for sheet in marked:
            if not any(row.id in left for row, _ in sheet.answers):
                sheet.submission.status, sheet.submission.completed_at = "completed", now
        self._session.add_all([sheet.submission for sheet in marked])
        self._session.flush()
        self._session.add_all([row for sheet in marked for row, _ in sheet.answers])
        self._session.flush()

    def _plan(
        self, marked: Sequence[MarkedSheet], left: Sequence[AnswerToGrade]
    ) -> tuple[Job | None, tuple[int, ...]]:
        if not left:
            return None, ()
        suspicious = {one for sheet in marked for one in sheet.suspicious}
        chunks = plan_chunks(left, suspicious, self._batch_size)
        jobs = JobStore(self._session)
        deadline = self._deadlines.of(chunks)
        job = jobs.create(JobKind.EVALUATION, self._caller.user_id, len(left), deadline)
        jobs.add_chunks(job.id, chunks)
        for sheet in marked:
            if sheet.submission.status == "grading":
                sheet.submission.job_id = job.id
        self._session.flush()
        return job, tuple(chunk.ordinal for chunk in chunks)

    def submission(self, submission_id: uuid.UUID) -> tuple[Submission, Disclosure]:
        """A submission that the caller may read, and what they may know. Raises NotFound."""
        found, question_set = readable_submission(self._session, self._caller, submission_id)
        language = language_of_set(self._session, question_set)
        to_grader = grades(self._caller, question_set)
        return found, Disclosure.of(found, language, to_grader=to_grader)

    def submissions(
        self, page: PageRequest, question_set_id: uuid.UUID | None
    ) -> Sequence[Submission]:
        """What the caller handed in, or that of all learners to a set of theirs, newest first.

        Raises NotFound for a set that the caller can't read. To a set of somebody else, which they
        have answered, a caller sees their own submissions.
        """
        query = select(Submission)
        if question_set_id is None or not self._grades(question_set_id):
            query = query.where(Submission.user_id == self._caller.user_id)
        if question_set_id is not None:
            query = query.where(Submission.question_set_id == question_set_id)
        return self._session.execute(page.apply(query, Submission.id)).scalars().all()

    def _grades(self, question_set_id: uuid.UUID) -> bool:
        try:
            graded_set(self._session, self._caller, question_set_id)
        except Forbidden:
            return False
        return True
