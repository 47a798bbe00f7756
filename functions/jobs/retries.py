"""Has scans transcribed that could not be before, once time may have mended the reason."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from shared.jobs.executions import Executions
from shared.jobs.transcriptions import ORDINAL, Transcriptions
from shared.observability import get_logger


class TranscriptionRetries:
    """One step of the sweep. A job that isn't started here is started by a later sweep."""

    def __init__(
        self,
        open_transcriptions: Callable[[], AbstractContextManager[Transcriptions]],
        executions: Executions,
        *,
        enabled: bool,
    ) -> None:
        self._open_transcriptions = open_transcriptions
        self._executions = executions
        self._enabled = enabled

    def retry_transcriptions(self) -> int:
        """Begin the transcriptions that are due; returns how many."""
        if not self._enabled:
            return 0
        with self._open_transcriptions() as transcriptions:
            begun = transcriptions.retry_due()
        for job in begun:
            try:
                self._executions.start(job, [ORDINAL])
            except Exception:
                get_logger().exception("a job was not started", extra={"job_id": str(job.id)})
        return len(begun)
