"""Grades given before, found again for equal answers."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from functions.evaluation.cache_keys import CacheAddress, answer_canonical, cache_address
from functions.evaluation.ports import AnswerToGrade, NewGrade
from functions.evaluation.rules.answers import Verdict
from functions.evaluation.rules.canonical_answer import canonical_answer
from functions.evaluation.rules.near_policy import is_near, trigram_similarity
from functions.evaluation.settings import CachePolicy
from shared.database.tables.evaluation import Answer, CachedGrade

# What a person said and changed is about the learner who was graded, not about an equal answer.
_PRIVATE = ("reason", "replaced_version", "replaced_score", "appeal")


class GradeCache:
    """The grades' cache within one session, for one grader model.

    To serve a grade changes nothing here, so that equal answers never wait for each other: every
    grade that was served is a row of `grades`, and says so.
    """

    def __init__(
        self, session: Session, *, model: str, policy: CachePolicy, near_candidates: int = 300
    ) -> None:
        self._session = session
        self._model = model
        self._policy = policy
        self._near_candidates = near_candidates

    def find(self, answers: Sequence[AnswerToGrade]) -> list[NewGrade]:
        """The grades of those answers that the cache knows."""
        addresses = {one.id: cache_address(one, self._model) for one in answers}
        cached = self._known([one.key for one in addresses.values()])
        found: list[NewGrade] = []
        for answer in answers:
            row = cached.get(addresses[answer.id].key)
            if row is not None:
                found.append(_served(answer, row, {"cache_policy": "strict"}))
            elif self._policy is CachePolicy.NEAR:
                near = self._nearest(answer, addresses[answer.id])
                found += [near] if near else []
        return found

    def _known(self, keys: Sequence[str]) -> dict[str, CachedGrade]:
        if not keys:
            return {}
        query = select(CachedGrade).where(CachedGrade.key.in_(keys))
        rows = self._session.execute(query.execution_options(populate_existing=True)).scalars()
        return {row.key: row for row in rows}

    def _nearest(self, answer: AnswerToGrade, address: CacheAddress) -> NewGrade | None:
        """The grade of the nearest near answer, with what was compared in its provenance."""
        language = answer.question.language or "und"
        wanted = answer_canonical(answer)
        best: tuple[float, str] | None = None
        for key, text in self._neighbours(address.scope):
            known = canonical_answer(text, language)
            if is_near(wanted, known, language):
                similarity = trigram_similarity(wanted, known)
                best = max(best or (0.0, ""), (similarity, key))
        if best is None:
            return None
        row = self._known([best[1]])[best[1]]
        audit = {"cache_policy": "near", "similarity": round(best[0], 4), "cache_key": best[1]}
        return _served(answer, row, audit)

    def _neighbours(self, scope: str) -> list[tuple[str, str]]:
        query = (
            select(CachedGrade.key, Answer.answer)
            .join(Answer, Answer.id == CachedGrade.answer_id)
            .where(CachedGrade.scope == scope)
            .order_by(CachedGrade.created_at.desc())
            .limit(self._near_candidates)
        )
        return [(key, str(text)) for key, text in self._session.execute(query)]

    def remember(self, graded: Sequence[tuple[AnswerToGrade, NewGrade]]) -> None:
        """Keep a model's grades, unless flagged, another model's, or of what is known already.

        Rows go in by their key's order: two batches with the same answers can't deadlock. The
        second waits for the first one's transaction, so this had better be near its end.
        """
        rows = [
            _row(answer, cache_address(answer, self._model), grade, "model")
            for answer, grade in graded
            if not grade.flags and grade.provenance.get("model") == self._model
        ]
        if rows:
            self._session.execute(
                insert(CachedGrade).on_conflict_do_nothing(),
                sorted(rows, key=lambda row: str(row["key"])),
            )

    def replace(self, answer: AnswerToGrade, grade: NewGrade) -> None:
        """Put a person's grade in the place of whatever is kept for equal answers."""
        address = cache_address(answer, self._model)
        row = _row(answer, address, grade, "human")
        changed = {name: value for name, value in row.items() if name != "key"}
        self._session.execute(
            insert(CachedGrade)
            .values(**row)
            .on_conflict_do_update(index_elements=[CachedGrade.key], set_=changed)
        )

    def forget(self, answer: AnswerToGrade, served_from: str | None = None) -> None:
        """Let equal answers be graded anew: the grade that is kept for them is in doubt."""
        keys = {cache_address(answer, self._model).key, served_from}
        self._session.execute(
            delete(CachedGrade).where(CachedGrade.key.in_(keys), CachedGrade.source == "model")
        )


def _row(
    answer: AnswerToGrade, address: CacheAddress, grade: NewGrade, source: str
) -> dict[str, Any]:
    return {
        "key": address.key,
        "scope": address.scope,
        "question_id": answer.question.id,
        "answer_id": answer.id,
        "source": source,
        "score": grade.score,
        "max_score": grade.max_score,
        "verdict": grade.verdict.value,
        "feedback": grade.feedback,
        "criteria": list(grade.criteria),
        "provenance": {k: v for k, v in grade.provenance.items() if k not in _PRIVATE},
    }


def _served(answer: AnswerToGrade, cached: CachedGrade, audit: Mapping[str, Any]) -> NewGrade:
    return NewGrade(
        answer_id=answer.id,
        score=cached.score,
        max_score=cached.max_score,
        verdict=Verdict(cached.verdict),
        feedback=cached.feedback,
        source="cache",
        criteria=tuple(cached.criteria),
        provenance={
            **cached.provenance,
            **audit,
            "cached_source": cached.source,
            "cached_at": cached.created_at.isoformat(),
        },
    )
