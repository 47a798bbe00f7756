"""What a WebSocket connection may do: open, follow jobs, chat, close.

Nothing here takes long: work is handed on, and answers go out as frames of their own.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import assert_never

from functions.realtime.frames import (
    Chat,
    ClientFrame,
    FrameRefused,
    Ping,
    Stop,
    Subscribe,
    Unsubscribe,
    parse_frame,
)
from functions.realtime.tickets import Tickets
from shared.errors import NotFound, TooManyRequests
from shared.jobs.store import JobStore
from shared.rate_limits import Counter, RateLimit, enforce
from shared.realtime.chat_signals import ChatQueue, ChatRequest, StopSignals
from shared.realtime.connections import ConnectionGone, Connections
from shared.realtime.delivery import Delivery
from shared.realtime.sender import Sender
from shared.realtime.subscriptions import Connected, Subscriptions
from shared.sessions import SessionDirectory

MOST_SUBSCRIPTIONS = 100
FRAMES = RateLimit("socket_frames", 100, 10)
CHAT_MESSAGES = RateLimit("chat_messages", 20, 60)


@dataclass(frozen=True)
class Sockets:
    """Answers what connections ask for."""

    tickets: Tickets
    sessions: SessionDirectory
    subscriptions: Subscriptions
    connections: Connections
    sender: Sender
    delivery: Delivery
    open_jobs: Callable[[], AbstractContextManager[JobStore]]
    chat_queue: ChatQueue
    stop_signals: StopSignals
    counter: Counter

    def connect(self, connection_id: str, ticket: str) -> int:
        """Open the connection; the HTTP status of the handshake."""
        connected = self.tickets.use(ticket)
        if connected is None:
            return 401
        if not self.sessions.is_alive(connected.session_id):
            return 403
        self.subscriptions.connect(connection_id, connected)
        return 200

    def disconnect(self, connection_id: str) -> None:
        """Forget the connection."""
        self.subscriptions.disconnect(connection_id)

    def receive(self, connection_id: str, body: str, received_at: int) -> None:
        """Act on a frame, or say what is wrong with it; the connection stays open.

        `received_at` is in milliseconds since 1970.
        """
        try:
            self._receive(connection_id, body, received_at)
        except FrameRefused as refused:
            self._refuse(connection_id, refused)
        except ConnectionGone:
            self.subscriptions.disconnect(connection_id)

    def apologise(self, connection_id: str) -> None:
        """Say that a frame could not be acted on, through no fault of the client."""
        trouble = FrameRefused("internal_error", "Something went wrong on our side.")
        self._refuse(connection_id, trouble)

    def _receive(self, connection_id: str, body: str, received_at: int) -> None:
        connected = self.subscriptions.connected(connection_id)
        if connected is None or not self.sessions.is_alive(connected.session_id):
            self._end(connection_id)
            return
        self._limit(FRAMES, connection_id)
        self._act(connection_id, connected, parse_frame(body), received_at)

    def _end(self, connection_id: str) -> None:
        """A client that is signed out, or forgotten by a lost cache, has to come anew."""
        ended = FrameRefused("session_ended", "Please connect again with a new ticket.")
        self._refuse(connection_id, ended)
        self.subscriptions.disconnect(connection_id)
        self.connections.close(connection_id)

    def _refuse(self, connection_id: str, refused: FrameRefused) -> None:
        fields = {"code": refused.code, "message": refused.message, **refused.fields}
        try:
            self.sender.send(connection_id, "error", **fields)
        except ConnectionGone:
            self.subscriptions.disconnect(connection_id)

    def _act(
        self, connection_id: str, connected: Connected, frame: ClientFrame, received_at: int
    ) -> None:
        match frame:
            case Subscribe():
                self._subscribe(connection_id, connected, frame)
            case Unsubscribe():
                self.subscriptions.unsubscribe(connection_id, frame.job_id)
            case Ping():
                self.sender.send(connection_id, "pong")
                self._catch_up(connection_id)
            case Chat():
                self._chat(connection_id, connected, frame, received_at)
            case Stop():
                self.stop_signals.ask(connected.user_id, frame.message_id, received_at)
            case _:
                assert_never(frame)

    def _subscribe(self, connection_id: str, connected: Connected, frame: Subscribe) -> None:
        job_id = str(frame.job_id)
        try:
            with self.open_jobs() as jobs:
                jobs.of_user(frame.job_id, connected.user_id)
        except NotFound as error:
            raise FrameRefused(error.code, error.message, job_id=job_id) from None
        followed = self.subscriptions.jobs_of(connection_id)
        if frame.job_id not in followed and len(followed) >= MOST_SUBSCRIPTIONS:
            message = f"A connection follows at most {MOST_SUBSCRIPTIONS} jobs."
            raise FrameRefused("too_many_subscriptions", message, job_id=job_id)
        self.subscriptions.subscribe(connection_id, frame.job_id, frame.after)
        self.delivery.catch_up(connection_id, frame.job_id)

    def _catch_up(self, connection_id: str) -> None:
        followed = self.subscriptions.jobs_of(connection_id)
        if not followed:
            return
        with self.open_jobs() as jobs:
            newest = jobs.newest_events(followed)
        for job_id, position in self.subscriptions.positions_of(connection_id, followed).items():
            if position < newest.get(job_id, 0):
                self.delivery.catch_up(connection_id, job_id)

    def _chat(
        self, connection_id: str, connected: Connected, frame: Chat, received_at: int
    ) -> None:
        self._limit(CHAT_MESSAGES, str(connected.user_id), message_id=frame.message_id)
        self.chat_queue.put(
            ChatRequest(
                connection_id=connection_id,
                user_id=connected.user_id,
                session_id=frame.session_id,
                message_id=frame.message_id,
                text=frame.text,
                sent_at=received_at,
            )
        )

    def _limit(self, rate: RateLimit, subject: str, **fields: str) -> None:
        try:
            enforce(self.counter, rate, subject)
        except TooManyRequests as error:
            raise FrameRefused(
                "rate_limited", error.message, retry_after=error.retry_after, **fields
            ) from None
