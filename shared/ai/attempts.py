"""How often and how soon a request is tried again."""

import random

from shared.ai.error_table import Failure, Next

MODEL_TRIES = 3
_FIRST_PAUSE, _LONGEST_PAUSE = 0.75, 8.0


class Attempts:
    """The tries of one request on one model.

    A refused or dead key costs none of the three tries: another key is asked at once. Failures
    of the model itself do, with full jitter between them.
    """

    def __init__(self) -> None:
        self.excluded: frozenset[str] = frozenset()
        self._model_failures = 0

    def pause_after(self, failure: Failure, alias: str) -> float | None:
        """Seconds until the next try, or None where there is no use in one."""
        if failure.then is Next.GIVE_UP:
            return None
        if failure.then is Next.OTHER_KEY:
            self.excluded |= {alias}
            if failure.answered:
                return 0.0
        self._model_failures += 1
        most = 2 if failure.then is Next.ONCE_MORE else MODEL_TRIES
        if self._model_failures >= most:
            return None
        if failure.then is not Next.BACK_OFF:
            return 0.0
        longest = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**self._model_failures)
        return random.uniform(0, longest)  # noqa: S311
