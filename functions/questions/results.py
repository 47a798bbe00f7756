"""What a finished job says of what it made."""

from typing import Any

from shared.database.tables.questions import QuestionSet


def set_result(question_set: QuestionSet) -> dict[str, Any]:
    """What a completed job says of its set."""
    return {
        "question_set_id": str(question_set.id),
        "requested": question_set.requested,
        "delivered": question_set.delivered,
        "shortfall": question_set.requested - question_set.delivered,
        "shortfall_reasons": question_set.shortfall_reasons,
    }
