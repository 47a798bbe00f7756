"""A Valkey that doesn't answer is asked once, then left alone for a few seconds."""

import time
from collections.abc import Callable
from typing import Any

from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as NotConnected
from redis.exceptions import TimeoutError as NotInTime
from redis.retry import Retry

LEFT_ALONE_SECONDS = 5.0


class RetryUnlessGone(Retry):
    """One more try at once; after that failed too, everything fails without a try for 5 s.

    A request reads and counts in Valkey a handful of times, and one that hangs (a failover does)
    would take its timeout from each of them: more than the gateway waits, all in all.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(NoBackoff(), 1)
        self._clock = clock
        self._gone_until = float("-inf")

    def __deepcopy__(self, _memo: Any) -> "RetryUnlessGone":
        """Each connection copies its retry; what one has found out holds for all of them."""
        return self

    def call_with_retry(self, do: Any, fail: Any, *more: Any, **others: Any) -> Any:
        if self._clock() < self._gone_until:
            raise NotConnected("Valkey did not answer a moment ago")
        try:
            return super().call_with_retry(do, fail, *more, **others)
        except (NotConnected, NotInTime):
            self._gone_until = self._clock() + LEFT_ALONE_SECONDS
            raise
