"""What chat needs of the outside."""

import uuid
from collections.abc import Sequence
from typing import Any, Protocol

from functions.chat.citations import Passage


class Pages(Protocol):
    """The pages of one document."""

    def characters(self) -> int:
        """The length of the whole text."""
        ...

    def all(self) -> list[Passage]:
        """Every page, in order."""
        ...

    def ranked(self, terms: Sequence[str]) -> list[int]:
        """The numbers of the pages that have any of the terms, the best first."""
        ...

    def of_numbers(self, numbers: Sequence[int]) -> list[Passage]:
        """The pages of these numbers that there are."""
        ...


class Sender(Protocol):
    """Sends frames to clients."""

    def send(self, connection_id: str, kind: str, **fields: Any) -> None:
        """Send one frame. Raises ConnectionGone."""
        ...


class StopSignals(Protocol):
    """Knows which answers their readers no longer want."""

    def is_asked(self, user_id: uuid.UUID, message_id: str, sent_at: int) -> bool:
        """Whether the user wants the answer to this message, sent then, stopped."""
        ...


class MessageQueue(Protocol):
    """The queue that questions come from."""

    def hide(self, receipt_handle: str, seconds: int) -> None:
        """Keep a message from being delivered again for `seconds`."""
        ...
