"""Things that belong to one event loop, such as connections.

A worker runs one `asyncio.run` per invocation, so a process sees many loops one after another.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

T = TypeVar("T")


class LoopScoped(Generic[T]):
    """One object per event loop, built on first use and closed when its loop ends."""

    def __init__(
        self, build: Callable[[], T], close: Callable[[T], Awaitable[object]] | None = None
    ) -> None:
        self._build = build
        self._close = close
        self._items: WeakKeyDictionary[asyncio.AbstractEventLoop, T] = WeakKeyDictionary()
        self._guards: WeakKeyDictionary[asyncio.AbstractEventLoop, AsyncGenerator[None]] = (
            WeakKeyDictionary()
        )

    async def get(self) -> T:
        """The running loop's object."""
        loop = asyncio.get_running_loop()
        if loop not in self._items:
            item = self._items[loop] = self._build()
            if self._close is not None:
                guard = self._closing(item, self._close)
                self._guards[loop] = guard
                await anext(guard)
        return self._items[loop]

    @staticmethod
    async def _closing(item: T, close: Callable[[T], Awaitable[object]]) -> AsyncGenerator[None]:
        # A loop finishes its suspended async generators before it closes: asyncio's own hook
        # for "at the end of this loop".
        try:
            yield
        finally:
            await close(item)
