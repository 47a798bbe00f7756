"""The model judges criteria, this counts: points, verdict and flags of a free answer."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from functions.evaluation.rules.answers import Verdict, verdict_of
from functions.evaluation.rules.reply_checking import CriterionJudgement
from functions.evaluation.rules.text_folding import loose_words

_CENT = Decimal("0.01")
# Thai, Lao, Myanmar, Khmer, kana and Han are written without spaces: no word borders to respect.
UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
_LEFT_OUT = re.compile(r"\.{3,}|…|\[(?:\.{3,}|…)\]")


class InvalidRubric(ValueError):
    """A rubric whose points can't be added up to a grade."""


class CriterionStanding(StrEnum):
    """Why a criterion brought its points, or didn't."""

    MET = "met"
    NOT_MET = "not_met"
    EVIDENCE_NOT_IN_ANSWER = "evidence_not_in_answer"
    NOT_JUDGED = "not_judged"
    JUDGED_TWICE = "judged_twice"


@dataclass(frozen=True, slots=True)
class Criterion:
    """One line of a rubric and what it is worth."""

    id: str
    points: float


@dataclass(frozen=True, slots=True)
class CriterionScore:
    """What one criterion brought; `evidence` is empty unless it stands in the answer."""

    id: str
    points: float
    max_points: float
    standing: CriterionStanding
    evidence: str


@dataclass(frozen=True, slots=True)
class FreeGrade:
    """The grade of a free answer; `flags` are the standings and suspicions a teacher should see."""

    score: float
    max_score: float
    verdict: Verdict
    criteria: tuple[CriterionScore, ...]
    flags: tuple[str, ...]


def score_free_answer(
    criteria: Sequence[Criterion],
    judgements: Sequence[CriterionJudgement],
    answer: str,
    *,
    max_score: float | None = None,
    suspicions: Sequence[str] = (),
) -> FreeGrade:
    """Add the points of each criterion that is met by words that stand in the answer.

    The sum is clamped to 0 … `max_score` (by default the rubric's own sum) and rounded half up to
    hundredths. Judgements of criteria the rubric doesn't have are ignored. Suspicions become flags
    and never change the score. Raises InvalidRubric.
    """
    maximum = _maximum(criteria, max_score)
    scores = tuple(_score_criterion(criterion, judgements, answer) for criterion in criteria)
    total = sum((Decimal(str(score.points)) for score in scores), Decimal(0))
    score = _rounded(min(max(total, Decimal(0)), maximum))
    return FreeGrade(
        score=float(score),
        max_score=float(maximum),
        verdict=verdict_of(float(score), float(maximum)),
        criteria=scores,
        flags=_flags(scores, suspicions),
    )


def evidence_stands_in(evidence: str, answer: str) -> bool:
    """True where the evidence's words stand in the answer in one piece, however they are typed.

    An ellipsis may join pieces, which must then follow each other in the answer.
    """
    words = f" {loose_words(answer)} "
    pieces = [loose_words(piece) for piece in _LEFT_OUT.split(evidence)]
    pieces = [piece for piece in pieces if piece]
    position = 0
    for piece in pieces:
        found = _find(piece, words, position)
        if found < 0:
            return False
        position = found + len(piece)
    return bool(pieces)


def _find(piece: str, words: str, position: int) -> int:
    if not UNSPACED.search(piece):
        found = words.find(f" {piece} ", max(position - 1, 0))
        return found + 1 if found >= 0 else -1
    return words.find(piece, position)


def _maximum(criteria: Sequence[Criterion], max_score: float | None) -> Decimal:
    if not criteria:
        raise InvalidRubric("a rubric needs a criterion")
    if len({criterion.id for criterion in criteria}) != len(criteria):
        raise InvalidRubric("criterion ids must be unique")
    points = [Decimal(str(criterion.points)) for criterion in criteria]
    if not all(point.is_finite() and point >= 0 for point in points):
        raise InvalidRubric("points must be zero or more")
    maximum = sum(points, Decimal(0)) if max_score is None else Decimal(str(max_score))
    if not maximum.is_finite() or maximum <= 0:
        raise InvalidRubric("the maximum must be above zero")
    return _rounded(maximum)


def _score_criterion(
    criterion: Criterion, judgements: Sequence[CriterionJudgement], answer: str
) -> CriterionScore:
    own = [judgement for judgement in judgements if judgement.id == criterion.id]
    standing = _standing(own, answer)
    met = standing is CriterionStanding.MET
    return CriterionScore(
        id=criterion.id,
        points=criterion.points if met else 0.0,
        max_points=criterion.points,
        standing=standing,
        evidence=own[0].evidence if met else "",
    )


def _standing(own: Sequence[CriterionJudgement], answer: str) -> CriterionStanding:
    if not own:
        return CriterionStanding.NOT_JUDGED
    if len(own) > 1:
        return CriterionStanding.JUDGED_TWICE
    if not own[0].met:
        return CriterionStanding.NOT_MET
    if not evidence_stands_in(own[0].evidence, answer):
        return CriterionStanding.EVIDENCE_NOT_IN_ANSWER
    return CriterionStanding.MET


def _flags(scores: Sequence[CriterionScore], suspicions: Sequence[str]) -> tuple[str, ...]:
    ordinary = {CriterionStanding.MET, CriterionStanding.NOT_MET}
    odd = Counter(str(score.standing) for score in scores if score.standing not in ordinary)
    return tuple(sorted({*odd, *suspicions}))


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(_CENT, rounding=ROUND_HALF_UP)
