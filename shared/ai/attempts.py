"""How often and how soon a request is tried again."""

import random
from collections import Counter

from shared.ai.error_table import Failure, Next

MODEL_TRIES = 3
# A key that refuses a request as often, though its quota was thought free, is left alone by it.
REFUSALS_BY_ONE_KEY = 3
_FIRST_PAUSE, _LONGEST_PAUSE = 0.75, 8.0


class Attempts:
    """The tries of one request on one model.

    A refused or dead key costs none of the three tries: another key is asked at once, or the same
    one when its quota is free again. Failures of the model itself do, with full jitter between
    them.
    """

    def __init__(self) -> None:
        self.excluded: frozenset[str] = frozenset()
        self._model_failures = 0
        self._refusals: Counter[str] = Counter()

    def pass_over(self, failure: Failure, alias: str) -> None:
        """Leave this key out of the next try, if that is what the failure asks for."""
        if failure.then is Next.OTHER_KEY:
            self.excluded |= {alias}

    def pause_after(self, failure: Failure, alias: str) -> float | None:
        """Seconds until the next try, or None where there is no use in one."""
        if failure.then is Next.GIVE_UP:
            return None
        if failure.then is Next.OTHER_KEY:
            self.pass_over(failure, alias)
            if failure.answered:
                self._refusals[alias] += 1
                return 0.0 if self._refusals[alias] < REFUSALS_BY_ONE_KEY else None
        self._model_failures += 1
        most = 2 if failure.then is Next.ONCE_MORE else MODEL_TRIES
        if self._model_failures >= most:
            return None
        if failure.then is not Next.BACK_OFF:
            return 0.0
        longest = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**self._model_failures)
        return random.uniform(0, longest)  # noqa: S311
