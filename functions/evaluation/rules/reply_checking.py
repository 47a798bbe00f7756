"""Takes from a model's reply what answers the question it was asked, and nothing else."""

import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from functions.evaluation.rules.text_folding import visible

MAX_FEEDBACK_CHARACTERS = 2_000


class ReplyProblem(StrEnum):
    """Why a judgement was not taken."""

    MISSING = "missing"
    DOUBLED = "doubled"
    MALFORMED = "malformed"
    CRITERION_MISSING = "criterion_missing"
    CRITERION_DOUBLED = "criterion_doubled"


@dataclass(frozen=True, slots=True)
class CriterionJudgement:
    """What the model says of one criterion, with the learner's words it rests on."""

    id: str
    met: bool
    evidence: str


@dataclass(frozen=True, slots=True)
class AnswerJudgement:
    """A judgement of every criterion of one answer, in the rubric's order."""

    id: str
    criteria: tuple[CriterionJudgement, ...]
    feedback: str


@dataclass(frozen=True, slots=True)
class CheckedReply:
    """Judgements to use, ids to ask again one by one (with the reason), and ids nobody sent."""

    accepted: Mapping[str, AnswerJudgement]
    ask_again: Mapping[str, ReplyProblem]
    strange_ids: tuple[str, ...]


def check_reply(sent: Mapping[str, Sequence[str]], reply: Any) -> CheckedReply:
    """Check a decoded JSON reply against `sent`: per answer id the ids of its criteria.

    Never raises: whatever the reply is, each id sent comes back accepted or to be asked again.
    """
    entries = _entries(reply)
    counts = Counter(entry_id for entry_id, _ in entries)
    by_id = dict(entries)
    accepted: dict[str, AnswerJudgement] = {}
    ask_again: dict[str, ReplyProblem] = {}
    for answer_id, criterion_ids in sent.items():
        if counts[answer_id] != 1:
            missing = counts[answer_id] == 0
            ask_again[answer_id] = ReplyProblem.MISSING if missing else ReplyProblem.DOUBLED
            continue
        outcome = _judgement(answer_id, criterion_ids, by_id[answer_id])
        if isinstance(outcome, ReplyProblem):
            ask_again[answer_id] = outcome
        else:
            accepted[answer_id] = outcome
    return CheckedReply(accepted, ask_again, _strange(counts, sent.keys()))


def _entries(reply: Any) -> list[tuple[str, Mapping[str, Any]]]:
    answers = reply.get("answers") if isinstance(reply, Mapping) else None
    if not isinstance(answers, list):
        return []
    return [
        (entry["id"], entry)
        for entry in answers
        if isinstance(entry, Mapping) and isinstance(entry.get("id"), str)
    ]


def _strange(counts: Counter[str], sent: AbstractSet[str]) -> tuple[str, ...]:
    return tuple(sorted(entry_id for entry_id in counts if entry_id not in sent))


def _judgement(
    answer_id: str, criterion_ids: Sequence[str], entry: Mapping[str, Any]
) -> AnswerJudgement | ReplyProblem:
    raw = entry.get("criteria")
    if not isinstance(raw, list):
        return ReplyProblem.MALFORMED
    judged: dict[str, CriterionJudgement] = {}
    for item in raw:
        criterion = _criterion(item)
        if criterion is None:
            return ReplyProblem.MALFORMED
        if criterion.id in judged:
            return ReplyProblem.CRITERION_DOUBLED
        judged[criterion.id] = criterion
    if any(criterion_id not in judged for criterion_id in criterion_ids):
        return ReplyProblem.CRITERION_MISSING
    in_order = tuple(judged[criterion_id] for criterion_id in criterion_ids)
    return AnswerJudgement(answer_id, in_order, _feedback(entry.get("feedback")))


def _criterion(item: Any) -> CriterionJudgement | None:
    if not isinstance(item, Mapping):
        return None
    criterion_id, met, evidence = item.get("id"), item.get("met"), item.get("evidence")
    if evidence is None:
        evidence = ""
    if not (isinstance(criterion_id, str) and isinstance(met, bool) and isinstance(evidence, str)):
        return None
    return CriterionJudgement(criterion_id, met, evidence)


def _feedback(value: Any) -> str:
    if not isinstance(value, str):
        return ""
    printed = "".join(
        character
        for character in value
        if character == "\n" or unicodedata.category(character) not in {"Cc", "Cs"}
    )
    return visible(printed).strip()[:MAX_FEEDBACK_CHARACTERS]
