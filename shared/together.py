"""Does together what comes while the last was under way: one transaction for many wishes."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from shared.observability import get_logger

Item = TypeVar("Item")
Result = TypeVar("Result")


class Together(Generic[Item, Result]):
    """Runs `run`, which blocks, in a thread, for as many items at once as are there.

    One group at a time. Whoever comes first waits for nobody; those who come meanwhile are the
    next group. A group that fails is run again item by item, so an error is its own item's:
    `run` must leave nothing behind when it raises. What was handed in is done, also where its
    caller is cancelled meanwhile. Belongs to one event loop.
    """

    def __init__(self, run: Callable[[Sequence[Item]], Sequence[Result]]) -> None:
        self._run = run
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._working: asyncio.Task[None] | None = None

    async def do(self, item: Item) -> Result:
        """What `run` gives for this item. Raises what it raises for it."""
        done: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, done))
        if self._working is None:
            self._working = asyncio.create_task(self._work())
        return await done

    async def _work(self) -> None:
        try:
            while self._waiting:
                group, self._waiting = self._waiting, []
                await self._see_to(group)
        except asyncio.CancelledError:
            # The loop ends; its threads see to their end what was handed to them.
            if rest := [item for item, _ in self._waiting]:
                asyncio.get_running_loop().run_in_executor(None, self._run, rest)
            raise
        finally:
            self._working = None

    async def _see_to(self, group: list[tuple[Item, "asyncio.Future[Result]"]]) -> None:
        try:
            results = await asyncio.to_thread(self._run, [item for item, _ in group])
        except Exception as error:
            if len(group) == 1:
                _settle(group[0][1], error)
                return
            get_logger().info("a group is done one by one", exc_info=True)
            for one in group:
                await self._see_to([one])
            return
        for (_, done), result in zip(group, results, strict=True):
            if not done.done():
                done.set_result(result)


def _settle(done: "asyncio.Future[Result]", error: Exception) -> None:
    if not done.done():
        done.set_exception(error)
