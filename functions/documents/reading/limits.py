"""How much a document, and the process that reads it, may use."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReadingLimits:
    """Bounds of one reading. `seconds` is the wall time from the child's start to its result.

    With `requires_text` a document without any text is rejected; else its pages come back empty.
    """

    file_bytes: int = 50 * 1024 * 1024
    pages: int = 500
    characters: int = 2_000_000
    seconds: float = 25.0
    memory_bytes: int = 800 * 1024 * 1024
    requires_text: bool = True

    @property
    def file_megabytes(self) -> int:
        """The file limit as people say it."""
        return max(1, self.file_bytes // (1024 * 1024))
