"""Sets to be exported, with whatever texts a test wants in them."""

import uuid
from typing import Any

from functions.questions.exports.content import (
    ExportedCriterion,
    ExportedQuestion,
    ExportedSet,
    writable,
)


def exported_question(kind: str, position: int = 1, **changes: Any) -> ExportedQuestion:
    """A question of this type; `changes` replace its texts."""
    by_type: dict[str, dict[str, Any]] = {
        "mcq": {
            "options": ("nucleus", "mitochondrion", "ribosome", "membrane"),
            "answer": 1,
            "option_feedback": ("No.", "Yes.", "Not this.", "Nor this."),
        },
        "true_false": {"answer": True},
        "fill_blank": {"stem": "The _____ makes energy.", "answer": ("mitochondrion",)},
        "short_answer": {
            "answer": "The mitochondrion does.",
            "rubric": (ExportedCriterion("c1", "Names it.", 1.5),),
        },
    }
    values: dict[str, Any] = {
        "id": uuid.uuid5(uuid.NAMESPACE_OID, f"{kind} {position}"),
        "position": position,
        "type": kind,
        "stem": "What makes the energy of a cell?",
        "options": (),
        "rubric": (),
        "explanation": "It makes ATP.",
        "option_feedback": (),
        "difficulty": "easy",
        "bloom": "remember",
        "page": 7,
        "page_label": "vii",
        "quote": "The mitochondrion makes energy.",
        **by_type[kind],
        **changes,
    }
    return ExportedQuestion(**values)


def set_of(*questions: ExportedQuestion, title: str = "Cells") -> ExportedSet:
    """A set of these questions."""
    return ExportedSet(uuid.uuid5(uuid.NAMESPACE_OID, "set"), writable(title), "en", questions)
