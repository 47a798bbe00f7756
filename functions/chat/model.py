"""What the right to answer a question, an answer and a conversation are."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from functions.chat.citations import Citation
from shared.ai import Turn

QUESTION_CHARACTERS = 4_000


@dataclass(frozen=True)
class Claim:
    """The right to answer a question until `lease_until`.

    `again` says that another worker began before, whose words the client may have seen.
    """

    answer_id: uuid.UUID
    document_id: uuid.UUID
    lease_until: datetime
    again: bool


@dataclass(frozen=True)
class Answer:
    """What was answered. `grounded` says whether a sentence of the document supports it."""

    text: str
    citations: tuple[Citation, ...]
    status: Literal["done", "stopped"] = "done"

    @property
    def grounded(self) -> bool:
        """Whether a sentence of the document supports the answer."""
        return bool(self.citations)

    def frame(self) -> dict[str, Any]:
        """The answer as `chat.done` tells it."""
        return {
            "text": self.text,
            "citations": [one.as_json() for one in self.citations],
            "grounded": self.grounded,
        }


@dataclass(frozen=True)
class Busy:
    """Another worker answers the question until `lease_until`."""

    lease_until: datetime


@dataclass(frozen=True)
class Refused:
    """The question can't be answered; `code` and `message` are for the client."""

    code: str
    message: str


ClaimResult = Claim | Answer | Busy | Refused


@dataclass(frozen=True)
class Conversation:
    """What was said before a question: turns for the model, and the question before."""

    turns: tuple[Turn, ...]
    earlier_question: str
