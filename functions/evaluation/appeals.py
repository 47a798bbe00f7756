"""What learners and teachers do about a grade: doubt it, decide on the doubt, set another one."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from functions.evaluation.access import (
    AccessibleAnswer,
    check_grades,
    graded_set,
    grades,
    readable_answer,
    readable_submission,
)
from functions.evaluation.appeal_store import (
    UNSETTLED,
    end_lost_appeals,
    grade_from_json,
)
from functions.evaluation.disclosure import EVERYTHING, Disclosure
from functions.evaluation.grade_cache import GradeCache
from functions.evaluation.grade_store import history, newest_grade, newest_grades
from functions.evaluation.person_grades import PersonGrades, by_person
from functions.evaluation.ports import NewGrade
from functions.evaluation.reading import answers_to_grade, language_of_set
from functions.evaluation.rules.answers import Verdict, is_blank, verdict_of
from shared.database.tables.evaluation import Answer, Appeal, Grade, Submission
from shared.database.tables.jobs import Job
from shared.database.tables.questions import Question, QuestionSet
from shared.errors import Conflict, Forbidden, InvalidRequest, NotFound
from shared.identifiers import new_id
from shared.jobs.model import ChunkPlan, JobKind
from shared.jobs.store import JobStore
from shared.pagination import PageRequest
from shared.sessions import Caller

# Where these ended an appeal of a grade, another one would only ask the same again.
_ANSWERED = ("confirmed", "rejected")


@dataclass(frozen=True)
class AppealedAnswer:
    """An appeal with the answer it is about and the grade that is in force."""

    appeal: Appeal
    answer: Answer
    question: Question
    submission: Submission
    grade: Grade | None
    disclosure: Disclosure = EVERYTHING

    @property
    def id(self) -> uuid.UUID:
        """The appeal's id."""
        return self.appeal.id


@dataclass(frozen=True)
class History:
    """All that became of an answer, as far as the caller may know it."""

    question: Question
    grades: list[Grade]
    appeals: list[AppealedAnswer]
    disclosure: Disclosure


class AppealService:
    """Doubts about grades and what comes of them, within one session, for one caller."""

    def __init__(
        self, session: Session, caller: Caller, cache: GradeCache, *, deadline: timedelta
    ) -> None:
        self._session = session
        self._caller = caller
        self._grades = PersonGrades(session, cache)
        self._deadline = deadline

    def appeal(
        self, submission_id: uuid.UUID, question_id: uuid.UUID, reason: str
    ) -> tuple[AppealedAnswer, Job | None]:
        """Doubt the grade of an own answer: a job grades it anew, alone and without the cache.

        What a rule graded goes to the teacher at once, without a job: the rule would say the same.
        Raises NotFound, Forbidden and Conflict (`appeal_open`, `already_appealed`,
        `not_graded_yet`, `nothing_to_appeal`, `grade_is_final`).
        """
        found = readable_answer(self._session, self._caller, submission_id, question_id)
        if found.submission.user_id != self._caller.user_id:
            raise Forbidden("Only the learner may appeal.", code="not_the_learner")
        self._lock(found.answer)
        grade = newest_grade(self._session, found.answer.id)
        self._check_appealable(found, grade)
        appeal = Appeal(
            id=new_id(),
            answer_id=found.answer.id,
            reason=reason,
            grade_version=grade.version if grade else None,
            grade_source=grade.source if grade else None,
            status="open",
        )
        job = None
        if found.question.type == "short_answer":
            job = self._fresh_grading(appeal)
            appeal.status, appeal.job_id = "grading", job.id
        self._session.add(appeal)
        self._session.flush()
        view = AppealedAnswer(
            *(appeal, found.answer, found.question, found.submission, grade),
            self._disclosure(found),
        )
        return view, job

    def _disclosure(self, found: AccessibleAnswer) -> Disclosure:
        language = language_of_set(self._session, found.question_set)
        to_grader = grades(self._caller, found.question_set)
        return Disclosure.of(found.submission, language, to_grader=to_grader)

    def _fresh_grading(self, appeal: Appeal) -> Job:
        jobs = JobStore(self._session)
        job = jobs.create(JobKind.EVALUATION, self._caller.user_id, 1, self._deadline)
        payload = {"appeal": str(appeal.id), "answers": [str(appeal.answer_id)]}
        jobs.add_chunks(job.id, [ChunkPlan(1, payload)])
        return job

    def _lock(self, answer: Answer) -> None:
        query = select(Answer.id).where(Answer.id == answer.id)
        self._session.execute(query.with_for_update())

    def _check_appealable(self, found: AccessibleAnswer, grade: Grade | None) -> None:
        end_lost_appeals(self._session, found.answer.id)
        if is_blank(found.answer.answer):
            raise Conflict("A blank answer can't be graded anew.", code="nothing_to_appeal")
        if grade is None and found.submission.status == "grading":
            raise Conflict("The answer is being graded.", code="not_graded_yet")
        if grade is not None and grade.source == "human":
            raise Conflict("A teacher has set this grade.", code="grade_is_final")
        for appeal in self._appeals_of(found.answer.id):
            if appeal.status in UNSETTLED:
                raise Conflict("There is an open appeal.", code="appeal_open")
            if grade and appeal.grade_version == grade.version and appeal.status in _ANSWERED:
                raise Conflict("This grade was appealed before.", code="already_appealed")

    def _appeals_of(self, answer_id: uuid.UUID) -> list[Appeal]:
        query = select(Appeal).where(Appeal.answer_id == answer_id).order_by(Appeal.id)
        return list(self._session.execute(query).scalars())

    def appeals(
        self, page: PageRequest, status: str | None, question_set_id: uuid.UUID | None
    ) -> Sequence[AppealedAnswer]:
        """Appeals to sets of the caller's, or to all sets for a teacher, newest first.

        Raises NotFound and Forbidden for a set whose grades are not the caller's to see.
        """
        query = (
            select(Appeal)
            .join(Answer, Answer.id == Appeal.answer_id)
            .join(Submission, Submission.id == Answer.submission_id)
            .join(QuestionSet, QuestionSet.id == Submission.question_set_id)
        )
        if question_set_id is not None:
            graded_set(self._session, self._caller, question_set_id)
            query = query.where(Submission.question_set_id == question_set_id)
        if not self._caller.is_teacher:
            query = query.where(QuestionSet.user_id == self._caller.user_id)
        if status is not None:
            query = query.where(Appeal.status == status)
        wanted = self._session.execute(page.apply(query, Appeal.id)).scalars().all()
        return self._with_grades([appeal.id for appeal in wanted])

    def _with_grades(self, appeal_ids: Sequence[uuid.UUID]) -> list[AppealedAnswer]:
        query = _appealed_answers().where(Appeal.id.in_(appeal_ids)).order_by(Appeal.id.desc())
        rows = self._session.execute(query).all()
        newest = newest_grades(self._session, [answer.id for _, answer, _, _ in rows])
        return [
            AppealedAnswer(appeal, answer, question, submission, newest.get(answer.id))
            for appeal, answer, question, submission in rows
        ]

    def _with_grade(
        self, appeal: Appeal, answer: Answer, question: Question, submission: Submission
    ) -> AppealedAnswer:
        grade = newest_grade(self._session, answer.id)
        return AppealedAnswer(appeal, answer, question, submission, grade)

    def decide(self, appeal_id: uuid.UUID, *, accept: bool, reason: str) -> AppealedAnswer:
        """Accept the fresh grade of an open appeal, or let the doubted grade stand.

        Either way a person has judged this answer: equal ones get that grade from now on. Raises
        NotFound, Forbidden and Conflict (`appeal_not_open`, `no_fresh_grade`).
        """
        query = _appealed_answers().where(Appeal.id == appeal_id).with_for_update(of=Appeal)
        row = self._session.execute(query).one_or_none()
        if row is None:
            raise NotFound("There is no such appeal.", code="appeal_not_found")
        appeal, answer, question, submission = row
        self._check_may_decide(submission)
        if appeal.status != "open":
            raise Conflict(f"The appeal is {appeal.status}.", code="appeal_not_open")
        if accept:
            if appeal.fresh is None:
                raise Conflict("There is no fresh grade: set one.", code="no_fresh_grade")
            fresh = grade_from_json(answer.id, appeal.fresh)
            own = by_person(fresh, self._caller, reason, appeal=str(appeal.id))
            self._grades.set(own, question)
        elif (grade := newest_grade(self._session, answer.id)) is not None:
            self._grades.confirm(grade, question, self._caller)
        self._settle(appeal, "accepted" if accept else "rejected", reason)
        return self._with_grade(appeal, answer, question, submission)

    def _check_may_decide(self, submission: Submission) -> None:
        try:
            _, question_set = readable_submission(self._session, self._caller, submission.id)
        except NotFound:
            raise NotFound("There is no such appeal.", code="appeal_not_found") from None
        check_grades(self._caller, question_set)

    def _settle(self, appeal: Appeal, status: str, reason: str) -> None:
        appeal.status = status
        appeal.decided_by, appeal.decision_reason = self._caller.user_id, reason
        appeal.decided_at = datetime.now(UTC)
        self._session.flush()

    def override(
        self,
        submission_id: uuid.UUID,
        question_id: uuid.UUID,
        *,
        score: float,
        reason: str,
        feedback: str | None,
    ) -> tuple[Grade, Question]:
        """Set the grade of an answer, as a teacher or the owner of the set.

        An open appeal is settled by it, and equal answers get this grade from now on. Raises
        NotFound, Forbidden, and InvalidRequest for a score above the answer's maximum.
        """
        found = readable_answer(self._session, self._caller, submission_id, question_id)
        check_grades(self._caller, found.question_set)
        answer = found.answer
        self._lock(answer)
        most, version = self._as_it_stands(found)
        if score > most:
            raise InvalidRequest.field("score", f"must be at most {most:g}")
        blank = is_blank(answer.answer) and score == 0
        grade = NewGrade(
            answer_id=answer.id,
            score=score,
            max_score=most,
            verdict=Verdict.BLANK if blank else verdict_of(score, most),
            feedback=feedback or reason,
            source="human",
        )
        judged = by_person(grade, self._caller, reason, question_version=version)
        row = self._grades.set(judged, found.question)
        for appeal in self._appeals_of(answer.id):
            if appeal.status in UNSETTLED:
                self._settle(appeal, "overridden", reason)
        return row, found.question

    def _as_it_stands(self, found: AccessibleAnswer) -> tuple[float, int]:
        """What the answer is worth, and the version of the question that it is judged by now."""
        if found.question.type != "short_answer":
            return found.answer.max_score, found.answer.question_version
        [free] = answers_to_grade(self._session, [found.answer.id])
        return free.question.max_score, free.question.version

    def history(self, submission_id: uuid.UUID, question_id: uuid.UUID) -> History:
        """Every grade of an answer and every appeal, the first one first. Raises NotFound."""
        found = readable_answer(self._session, self._caller, submission_id, question_id)
        disclosure = self._disclosure(found)
        given = history(self._session, found.answer.id)
        shared = (found.answer, found.question, found.submission, given[-1] if given else None)
        appeals = [
            AppealedAnswer(appeal, *shared, disclosure)
            for appeal in self._appeals_of(found.answer.id)
        ]
        return History(found.question, given, appeals, disclosure)


def _appealed_answers() -> Select[Appeal, Answer, Question, Submission]:
    return (
        select(Appeal, Answer, Question, Submission)
        .join(Answer, Answer.id == Appeal.answer_id)
        .join(Question, Question.id == Answer.question_id)
        .join(Submission, Submission.id == Answer.submission_id)
        .join(QuestionSet, QuestionSet.id == Submission.question_set_id)
    )
