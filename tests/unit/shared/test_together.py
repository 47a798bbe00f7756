"""What comes while the last was under way is done together."""

import asyncio
import threading
from collections.abc import Sequence

import pytest

from shared.together import Together


class Counted:
    """Doubles numbers, group by group; the first group waits until it is let go."""

    def __init__(self, *bad: int) -> None:
        self.groups: list[list[int]] = []
        self.begun, self.go = threading.Event(), threading.Event()
        self._bad = bad

    def run(self, items: Sequence[int]) -> list[int]:
        self.groups.append(list(items))
        self.begun.set()
        assert self.go.wait(10)
        if any(item in self._bad for item in items):
            raise ValueError(str(items))
        return [2 * item for item in items]


async def _begin_then_add(counted: Counted, *later: int) -> list[int | BaseException]:
    """Item 1 alone, and the others while it is under way."""
    together = Together(counted.run)
    first = asyncio.create_task(together.do(1))
    await asyncio.to_thread(counted.begun.wait, 10)
    others = [asyncio.create_task(together.do(item)) for item in later]
    await asyncio.sleep(0)
    counted.go.set()
    return await asyncio.gather(first, *others, return_exceptions=True)


async def test_those_who_come_while_one_is_under_way_are_one_group() -> None:
    counted = Counted()

    assert await _begin_then_add(counted, 2, 3, 4) == [2, 4, 6, 8]
    assert counted.groups == [[1], [2, 3, 4]]


async def test_an_error_is_its_own_items_alone() -> None:
    counted = Counted(3)

    first, second, third, fourth = await _begin_then_add(counted, 2, 3, 4)

    assert (first, second, fourth) == (2, 4, 8)
    assert isinstance(third, ValueError)
    assert counted.groups == [[1], [2, 3, 4], [2], [3], [4]]


async def test_what_was_handed_in_is_done_where_its_caller_is_cancelled() -> None:
    counted = Counted()
    together = Together(counted.run)
    first = asyncio.create_task(together.do(1))
    await asyncio.to_thread(counted.begun.wait, 10)
    second = asyncio.create_task(together.do(2))
    await asyncio.sleep(0)
    second.cancel()
    counted.go.set()

    assert await first == 2
    with pytest.raises(asyncio.CancelledError):
        await second
    await asyncio.sleep(0.05)
    assert counted.groups == [[1], [2]]


def test_what_waits_when_the_loop_ends_is_done_all_the_same() -> None:
    counted = Counted()

    async def leave() -> None:
        together = Together(counted.run)
        asyncio.create_task(together.do(1)), asyncio.create_task(together.do(2))
        await asyncio.to_thread(counted.begun.wait, 10)
        asyncio.create_task(together.do(3))  # noqa: RUF006
        await asyncio.sleep(0)
        threading.Timer(0.1, counted.go.set).start()

    asyncio.run(leave())

    assert counted.groups == [[1, 2], [3]]
