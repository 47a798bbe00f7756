"""The Lua programs of the pool, put together from the parts in lua/."""

import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import NoScriptError

_FOLDER = Path(__file__).parent / "lua"
_COMMON = ("state", "limits", "knowledge", "breaker")
_PARTS = {"acquire": ("choose",), "settle": ("learning",), "status": ("choose",)}


@lru_cache
def source(program: str, clock: str | None = None) -> str:
    """The text of `program`; `clock` replaces the part that reads the server's time."""
    parts = [clock if clock is not None else _part("clock")]
    parts += [_part(name) for name in (*_COMMON, *_PARTS[program], program)]
    return "\n".join(parts)


@lru_cache
def forgiveness() -> str:
    """The program that forgets what a project was refused for; it needs no other part."""
    return _part("forgive")


def _part(name: str) -> str:
    return (_FOLDER / f"{name}.lua").read_text(encoding="utf-8")


class Program:
    """One Lua program on one server; sent whole only where the server doesn't have it yet."""

    def __init__(self, name: str, clock: str | None = None) -> None:
        self._source = source(name, clock)
        self._digest = hashlib.sha1(self._source.encode(), usedforsecurity=False).hexdigest()

    async def run(self, redis: "Redis", keys: list[str], request: dict[str, Any]) -> dict[str, Any]:
        """Runs with `request` as its JSON argument; None values are left out."""
        argument = json.dumps({key: value for key, value in request.items() if value is not None})
        try:
            answer = await redis.evalsha(self._digest, len(keys), *keys, argument)
        except NoScriptError:
            answer = await redis.eval(self._source, len(keys), *keys, argument)
        decoded: dict[str, Any] = json.loads(answer)
        return decoded
