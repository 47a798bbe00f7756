"""The set as JSON, its questions in the form that the API gives them."""

import json
from typing import Any

from functions.questions.exports.content import ExportedQuestion, ExportedSet


def write(exported: ExportedSet) -> bytes:
    """The set as a JSON object."""
    content = {
        "id": str(exported.id),
        "title": exported.title,
        "language": exported.language,
        "questions": [_question(question) for question in exported.questions],
    }
    return json.dumps(content, ensure_ascii=False, indent=2).encode()


def _question(question: ExportedQuestion) -> dict[str, Any]:
    return {
        "id": str(question.id),
        "position": question.position,
        "type": question.type,
        "stem": question.stem,
        "options": question.options,
        "difficulty": question.difficulty,
        "bloom": question.bloom,
        "source": {
            "page": question.page,
            "label": question.page_label,
            "quote": question.quote,
            "transcribed": question.transcribed,
        },
        "answer": question.answer,
        "rubric": [
            {"id": one.id, "criterion": one.criterion, "points": one.points}
            for one in question.rubric
        ],
        "explanation": question.explanation,
        "option_feedback": question.option_feedback,
    }
