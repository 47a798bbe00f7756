"""What a learner is told of a key: nothing that helps before the attempt is closed.

An attempt is closed when its submission is completed: every answer has its grade. While a job
grades the rest, and after that job was cancelled or failed, points and verdicts are told, but no
key, no explanation and no wording of criteria; else who cancels would know them for another try.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from functions.evaluation.feedback import verdict_feedback
from functions.evaluation.rules.answers import Verdict
from shared.database.tables.evaluation import Grade, Submission
from shared.database.tables.questions import Question


@dataclass(frozen=True)
class Disclosure:
    """How much may be told; `language` is the one that the questions are in."""

    closed: bool
    language: str | None = None

    @classmethod
    def of(
        cls, submission: Submission, language: str | None, *, to_grader: bool = False
    ) -> "Disclosure":
        """What its learner may know now; who grades the set may know everything."""
        return cls(to_grader or submission.status == "completed", language)

    def feedback(self, grade: Grade, question: Question) -> str:
        """The feedback of a grade. A model's is about the learner's words; a rule's may explain."""
        if self.closed or grade.source != "rule" or question.type == "short_answer":
            return grade.feedback
        page = question.source_label or str(question.source_page)
        return verdict_feedback(Verdict(grade.verdict), page=page, language=self.language)

    def criteria(self, judged: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """What became of each criterion, with its wording only where that may be told."""
        hidden = () if self.closed else ("criterion",)
        return [
            {name: value for name, value in one.items() if name not in hidden} for one in judged
        ]


EVERYTHING = Disclosure(closed=True)
