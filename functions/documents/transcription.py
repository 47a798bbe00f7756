"""Transcribing scanned pages: fetch the file, cut the pages out, ask the model, keep what it says.

Pages are kept as they come, so that whoever takes the work over asks about the rest only.
"""

import asyncio
import tempfile
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from functions.documents.ports import ObjectStorage
from functions.documents.prompts import transcription_request
from functions.documents.reading.cutter import CutPages
from functions.documents.reading.limits import ReadingLimits
from functions.documents.transcription_store import TranscriptionStore
from functions.documents.transcripts import Transcripts, batches, check_transcripts
from shared.ai import (
    LanguageModel,
    ReplyBlocked,
    ReplyInvalid,
    ReplyTruncated,
    RequestRefused,
)
from shared.jobs.model import Claim
from shared.jobs.urgency import most_urgent
from shared.jobs.worker import Unfinished

# Cutting takes up to 26 s and a call up to 60 s: together within the function's 150 s.
WORK_SECONDS = 50.0
CALL_SECONDS = 60.0

# The fate of these very pages: the same request would meet it again, fewer pages may not.
_REFUSED = (ReplyTruncated, ReplyBlocked, ReplyInvalid, RequestRefused)

OpenStore = Callable[[], AbstractContextManager[TranscriptionStore]]
Cut = Callable[[Path, Sequence[int], Path, ReadingLimits, int], CutPages]
Pages = dict[int, bytes]


@dataclass(frozen=True)
class Portions:
    """How much goes into a request, and how many requests go out at once."""

    pages: int
    bytes: int
    requests: int


class Transcription:
    """The work on the one chunk of a transcription."""

    def __init__(
        self,
        open_store: OpenStore,
        *,
        storage: ObjectStorage,
        cut: Cut,
        model: Callable[[], LanguageModel],
        announce: Callable[[uuid.UUID], None],
        limits: ReadingLimits,
        portions: Portions,
    ) -> None:
        self._open_store = open_store
        self._storage = storage
        self._cut = cut
        self._model = model
        self._announce = announce
        self._limits = limits
        self._portions = portions

    async def transcribe(self, claim: Claim) -> None:
        """Read the unread pages of the claim's document.

        Raises Unfinished where one invocation isn't enough, and what keeps the model from
        answering; what was read before that is kept.
        """
        object_key, unread = await asyncio.to_thread(self._load, claim)
        if unread:
            with tempfile.TemporaryDirectory(prefix="scan-") as folder:
                await self._read(claim, object_key, unread, Path(folder))
        await asyncio.to_thread(self._finish, claim)

    def _load(self, claim: Claim) -> tuple[str, list[int]]:
        with self._open_store() as store:
            return store.unread(claim)

    def _finish(self, claim: Claim) -> None:
        with self._open_store() as store:
            store.finish(claim)

    async def _read(
        self, claim: Claim, object_key: str, unread: Sequence[int], folder: Path
    ) -> None:
        ends = time.monotonic() + WORK_SECONDS
        path = folder / "document.pdf"
        download = partial(self._storage.download, object_key, path, self._limits.file_bytes)
        await asyncio.to_thread(download)
        left = list(unread)
        while left:
            if time.monotonic() > ends:
                raise Unfinished
            asked = left[: self._portions.pages * self._portions.requests]
            cut = await asyncio.to_thread(
                self._cut, path, asked, folder, self._limits, self._portions.bytes
            )
            await self._keep(claim, Transcripts(errors=dict(cut.refused)))
            await self._ask_at_once(claim, cut.contents)
            left = [one for one in left if one not in cut.contents and one not in cut.refused]

    async def _ask_at_once(self, claim: Claim, pages: Pages) -> None:
        """Ask about all pages; what interrupts one request doesn't cost what the others bring."""
        portions = batches(pages, self._portions.pages, self._portions.bytes)
        outcomes = await asyncio.gather(
            *(self._ask(claim, portion) for portion in portions), return_exceptions=True
        )
        if failures := [outcome for outcome in outcomes if outcome is not None]:
            raise most_urgent(failures)

    async def _ask(self, claim: Claim, pages: Pages) -> None:
        """One request; what it leaves open is asked again in smaller ones."""
        latest = datetime.now(UTC) + timedelta(seconds=CALL_SECONDS)
        request = transcription_request(
            pages,
            deadline=min(claim.deadline_at, latest),
            user_id=claim.user_id,
            job_id=claim.job_id,
        )
        try:
            reply = await self._model().generate(request)
        except _REFUSED as error:
            await self._ask_halves(claim, pages, error.code)
            return
        said = check_transcripts(pages.keys(), [(one.page, one.text) for one in reply.value.pages])
        await self._keep(claim, said)
        missing = {number: pages[number] for number in pages if number not in said}
        if len(missing) == len(pages):
            await self._ask_halves(claim, pages, "reply_without_page")
        elif missing:
            await self._ask(claim, missing)

    async def _ask_halves(self, claim: Claim, pages: Pages, code: str) -> None:
        """A page that can't be had even alone is left unread, with the reason."""
        numbers = list(pages)
        if len(numbers) == 1:
            await self._keep(claim, Transcripts(errors={numbers[0]: code}))
            return
        middle = len(numbers) // 2
        for half in (numbers[:middle], numbers[middle:]):
            await self._ask(claim, {number: pages[number] for number in half})

    async def _keep(self, claim: Claim, transcripts: Transcripts) -> None:
        def keep() -> None:
            with self._open_store() as store:
                store.keep(claim, transcripts)
            self._announce(claim.job_id)

        if transcripts.texts or transcripts.errors:
            await asyncio.to_thread(keep)
