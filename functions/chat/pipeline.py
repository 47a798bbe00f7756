"""One answer, from the question to the last frame.

The order is the guarantee: an answer is stored before its end is told, so a message that comes
twice finds it there. A client that is gone, or comes back, loses nothing.
"""

import asyncio
import contextlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta

from redis.exceptions import RedisError

from functions.chat.answer_store import AnswerStore, ClaimLost
from functions.chat.answer_text import UNSTORABLE, AnswerText
from functions.chat.citations import Passage, verified_citations
from functions.chat.failures import failure_code, failure_message
from functions.chat.model import (
    QUESTION_CHARACTERS,
    Answer,
    Busy,
    Claim,
    ClaimResult,
    Refused,
)
from functions.chat.passages import find_passages
from functions.chat.ports import Sender, StopSignals
from functions.chat.prompts import chat_request
from functions.chat.speaker import Speaker
from shared.ai import (
    LanguageModel,
    LanguageModelError,
    ModelRequest,
    ReplyTruncated,
    TextDelta,
)
from shared.observability import get_logger
from shared.realtime.chat_signals import ChatRequest

ANSWER_SECONDS = 45.0
FRAME_SECONDS = 0.05
STOP_LOOK_SECONDS = 0.25
MOST_ATTEMPTS = 3
_MOST_LOOK_AGAIN_SECONDS = 16

OpenStore = Callable[[], AbstractContextManager[AnswerStore]]


class ComeAgain(Exception):
    """The question must be delivered again, in `seconds`."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"in {seconds} s")
        self.seconds = seconds


class Stopped(Exception):
    """The reader wants no more of the answer."""


class Answering:
    """Answers questions, one call of `answer` each; many may run at once."""

    def __init__(
        self,
        open_store: OpenStore,
        get_model: Callable[[], LanguageModel],
        sender: Sender,
        stops: StopSignals,
    ) -> None:
        self._open_store = open_store
        self._get_model = get_model
        self._sender = sender
        self._stops = stops

    async def answer(self, question: ChatRequest, attempt: int = 1) -> None:
        """See one question to its end. Raises ComeAgain if that is not now."""
        speaker = Speaker(self._sender, question)
        claim = await self._claim(question, attempt)
        match claim:
            case Claim():
                await self._answer_claimed(question, claim, speaker, attempt)
            case Answer():
                await speaker.done(claim)
            case Busy(lease_until=until):
                left = round((until - datetime.now(UTC)).total_seconds()) + 1
                raise ComeAgain(max(1, min(look_again_seconds(attempt), left)))
            case Refused(code=code, message=message):
                await speaker.error(code, message)

    async def _claim(self, question: ChatRequest, attempt: int) -> ClaimResult:
        refused = _refusal(question)
        if refused is not None:
            return refused
        try:
            return await asyncio.to_thread(self._take, question)
        except Exception:
            get_logger().exception("claiming failed", extra={"attempt": attempt})
            if attempt < MOST_ATTEMPTS:
                raise ComeAgain(2**attempt) from None
            return Refused("internal_error", failure_message("internal_error"))

    def _take(self, question: ChatRequest) -> ClaimResult:
        with self._open_store() as store:
            return store.claim(question)

    async def _answer_claimed(
        self, question: ChatRequest, claim: Claim, speaker: Speaker, attempt: int
    ) -> None:
        text = AnswerText()
        try:
            request, passages = await asyncio.to_thread(self._prepare, question, claim)
            # A client that has seen the words of an earlier attempt gets the whole answer at once.
            listener = None if claim.again else speaker
            answer = await self._converse(question, request, text, listener, passages)
            await asyncio.to_thread(self._finish, claim, answer)
            await speaker.done(answer)
        except ClaimLost:
            get_logger().info("claim lost", extra={"message_id": question.message_id})
        except (LanguageModelError, TimeoutError) as error:
            get_logger().warning("no answer", extra={"error": type(error).__name__})
            await self._fail(claim, speaker, failure_code(error), text.said)
        except Exception:
            get_logger().exception("answering failed", extra={"attempt": attempt})
            await self._try_again_or_fail(claim, speaker, attempt)

    def _prepare(self, question: ChatRequest, claim: Claim) -> tuple[ModelRequest, list[Passage]]:
        with self._open_store() as store:
            before = store.conversation(question, claim)
            passages = find_passages(store.pages(claim), question.text, before.earlier_question)
        request = chat_request(
            question=question.text,
            passages=passages,
            history=before.turns,
            deadline=datetime.now(UTC) + timedelta(seconds=ANSWER_SECONDS),
            user_id=question.user_id,
        )
        return request, passages

    async def _converse(
        self,
        question: ChatRequest,
        request: ModelRequest,
        text: AnswerText,
        speaker: Speaker | None,
        passages: list[Passage],
    ) -> Answer:
        try:
            async with asyncio.timeout(ANSWER_SECONDS + 2):
                await self._stream(question, request, text, speaker)
        except Stopped:
            return Answer(text.said, (), "stopped")
        except ReplyTruncated:
            get_logger().warning("answer cut at its greatest length")
        rest = text.finish()
        if speaker is not None:
            await speaker.say(rest)
        citations = await asyncio.to_thread(verified_citations, text.tail, passages)
        return Answer(text.said, tuple(citations))

    async def _stream(
        self,
        question: ChatRequest,
        request: ModelRequest,
        text: AnswerText,
        speaker: Speaker | None,
    ) -> None:
        """Tell what comes every 50 ms, and look now and then whether it is still wanted."""
        listening = asyncio.ensure_future(self._listen(request, text))
        looked = float("-inf")
        clock = asyncio.get_running_loop().time
        try:
            while not listening.done():
                if clock() - looked >= STOP_LOOK_SECONDS:
                    looked = clock()
                    if await asyncio.to_thread(self._is_stopped, question):
                        raise Stopped
                await asyncio.wait({listening}, timeout=FRAME_SECONDS)
                piece = text.take()
                if speaker is not None:
                    await speaker.say(piece)
            listening.result()
        finally:
            listening.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await listening

    async def _listen(self, request: ModelRequest, text: AnswerText) -> None:
        async for item in self._get_model().stream(request):
            if isinstance(item, TextDelta):
                text.add(item.text)

    def _is_stopped(self, question: ChatRequest) -> bool:
        try:
            return self._stops.is_asked(question.user_id, question.message_id, question.sent_at)
        except RedisError:
            get_logger().warning("can't see whether the answer was stopped: cache lost")
            return False

    def _finish(self, claim: Claim, answer: Answer) -> None:
        with self._open_store() as store:
            store.finish(claim, answer)

    async def _fail(self, claim: Claim, speaker: Speaker, code: str, said: str) -> None:
        try:
            await asyncio.to_thread(self._store_failure, claim, code, said)
        except ClaimLost:
            return
        except Exception:
            get_logger().exception("failure not stored")
        await speaker.error(code, failure_message(code))

    def _store_failure(self, claim: Claim, code: str, said: str) -> None:
        with self._open_store() as store:
            store.fail(claim, code, said)

    async def _try_again_or_fail(self, claim: Claim, speaker: Speaker, attempt: int) -> None:
        if attempt >= MOST_ATTEMPTS:
            await self._fail(claim, speaker, "internal_error", "")
            return
        try:
            await asyncio.to_thread(self._release, claim)
        except ClaimLost:
            return
        except Exception:
            # The lease then ends by itself.
            get_logger().exception("claim not released")
        raise ComeAgain(2**attempt)

    def _release(self, claim: Claim) -> None:
        with self._open_store() as store:
            store.release(claim)


def look_again_seconds(attempt: int) -> int:
    """When to see next whether another worker has answered: soon at first, for most answers are
    short, then ever later, so that the queue's deliveries outlast that worker's lease."""
    return min(1 << (attempt - 1), _MOST_LOOK_AGAIN_SECONDS)


def _refusal(question: ChatRequest) -> Refused | None:
    if not question.text.strip() or UNSTORABLE.search(question.text):
        return Refused("invalid_text", "The message has no text that can be answered.")
    if len(question.text) > QUESTION_CHARACTERS:
        message = f"A message has at most {QUESTION_CHARACTERS} characters."
        return Refused("text_too_long", message)
    return None
