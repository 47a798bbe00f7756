"""The HTTP transport below google-genai: connection pools per event loop, and a send signal."""

import ssl
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass

import httpx2

from shared.ai.loop_scoped import LoopScoped


@dataclass(frozen=True)
class Signals:
    """Whom to tell that a request is about to be sent, and that its last byte was."""

    on_sending: Callable[[], None]
    on_sent: Callable[[], None]


signals: ContextVar[Signals | None] = ContextVar("signals", default=None)


class LoopTransport(httpx2.AsyncBaseTransport):
    """Sends through the running loop's pools, and tells the task's `signals`.

    A pool is unbounded: httpx2's default of 100 connections fails bursts by PoolTimeout, and
    how much may be under way is the key pool's decision.
    """

    def __init__(self) -> None:
        # Read now: it takes tens of milliseconds, which the first calls would be late by.
        tls = httpx2.create_ssl_context()
        self._pools = LoopScoped(lambda: _ConnectionPools(tls), _ConnectionPools.aclose)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        pools = await self._pools.get()
        if told := signals.get():
            told.on_sending()
            request.extensions = {**request.extensions, "trace": _tells(told.on_sent)}
        return await pools.of(request).handle_async_request(request)


def _tells(on_sent: Callable[[], None]) -> Callable[[str, object], Awaitable[None]]:
    async def trace(event: str, _details: object) -> None:
        if event == "http11.send_request_body.complete":
            on_sent()

    return trace


class _ConnectionPools:
    """One pool an API key: httpx2 looks at every connection of a pool with every request."""

    def __init__(self, tls: ssl.SSLContext) -> None:
        self._tls = tls
        self._by_key: dict[str, httpx2.AsyncHTTPTransport] = {}

    def of(self, request: httpx2.Request) -> httpx2.AsyncHTTPTransport:
        key = request.headers.get("x-goog-api-key", "")
        if key not in self._by_key:
            limits = httpx2.Limits(max_connections=None, max_keepalive_connections=64)
            self._by_key[key] = httpx2.AsyncHTTPTransport(verify=self._tls, limits=limits)
        return self._by_key[key]

    async def aclose(self) -> None:
        for pool in self._by_key.values():
            await pool.aclose()
