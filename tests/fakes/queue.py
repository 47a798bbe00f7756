"""Queues in memory."""

from shared.realtime.chat_signals import ChatRequest


class FakeChunkQueue:
    """Keeps (receipt handle, seconds) of each change of visibility."""

    def __init__(self) -> None:
        self.hidden: list[tuple[str, int]] = []
        self.outage: Exception | None = None

    def hide(self, receipt_handle: str, seconds: int) -> None:
        if self.outage is not None:
            raise self.outage
        self.hidden.append((receipt_handle, seconds))


class FakeChatQueue:
    """Keeps what the chat worker is to answer."""

    def __init__(self) -> None:
        self.requests: list[ChatRequest] = []

    def put(self, request: ChatRequest) -> None:
        self.requests.append(request)
