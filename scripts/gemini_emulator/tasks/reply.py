"""The reply to a conversation: the task's own work, in the form the request asks for."""

import json
import re
from collections.abc import Mapping
from typing import Any

from scripts.gemini_emulator.conversation import Conversation, Repair, TaskKind
from scripts.gemini_emulator.schema_values import conform, minimal
from scripts.gemini_emulator.tasks.chat import answer_question
from scripts.gemini_emulator.tasks.generate import generate_questions
from scripts.gemini_emulator.tasks.grade import grade_answers
from scripts.gemini_emulator.tasks.solve import solve_items
from scripts.gemini_emulator.tasks.transcribe import transcribe_pages

PLAIN_REPLY = "This is the offline stand-in for Gemini. There is no model behind it."
_SLOT = re.compile(r"\bslot\W{0,3}(\d+)|\bquestions\W{1,2}(\d+)", re.I)


def structured_reply(conversation: Conversation, seed: int) -> dict[str, Any] | None:
    """The reply as data for the tasks that answer JSON; None for those that answer text."""
    data = conversation.data
    match conversation.kind:
        case TaskKind.GENERATE:
            key = f"{seed}:{conversation.fingerprint}"
            return generate_questions(data, key, _stems_to_replace(conversation.repair))
        case TaskKind.SOLVE:
            return solve_items(data)
        case TaskKind.GRADE:
            return grade_answers(data)
        case TaskKind.TRANSCRIBE:
            return transcribe_pages(data, conversation.media)
        case _:
            return None


def text_reply(conversation: Conversation) -> str:
    if conversation.kind is TaskKind.CHAT:
        return answer_question(conversation.data, conversation.earlier_questions)
    if conversation.kind is TaskKind.STRUCTURED and conversation.schema is not None:
        return dump(minimal(conversation.schema))
    return PLAIN_REPLY


def as_text(reply: Mapping[str, Any], conversation: Conversation) -> str:
    """The reply as JSON text, held to the schema the request sent as Gemini's decoding is."""
    return dump(conform(reply, conversation.schema) if conversation.schema else reply)


def dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=None)


def _stems_to_replace(repair: Repair | None) -> list[str]:
    """Stems of the bad reply's questions that the errors name by slot or position."""
    if repair is None:
        return []
    try:
        questions = json.loads(repair.bad_reply)["questions"]
    except (ValueError, TypeError, KeyError):
        return []
    stems: list[str] = []
    for slot, position in (match for error in repair.errors for match in _SLOT.findall(error)):
        for index, question in enumerate(questions if isinstance(questions, list) else []):
            if not isinstance(question, Mapping):
                continue
            if (slot and str(question.get("slot")) == slot) or position == str(index):
                stems.append(str(question.get("quote") or question.get("stem") or ""))
    return stems
