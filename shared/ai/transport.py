"""The HTTP transport below google-genai: one connection pool per event loop, and a send signal."""

import ssl
from collections.abc import Callable
from contextvars import ContextVar
from functools import lru_cache

import httpx2

from shared.ai.loop_scoped import LoopScoped

on_sending: ContextVar[Callable[[], None] | None] = ContextVar("on_sending", default=None)


@lru_cache
def _tls() -> ssl.SSLContext:
    return httpx2.create_ssl_context()


class LoopTransport(httpx2.AsyncBaseTransport):
    """Sends through the running loop's pool. The task's `on_sending` is called just before.

    The pool is unbounded: httpx2's default of 100 connections fails bursts by PoolTimeout, and
    how much may be under way is the key pool's decision.
    """

    def __init__(self) -> None:
        self._pools = LoopScoped(self._build, httpx2.AsyncHTTPTransport.aclose)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        pool = await self._pools.get()
        if signal := on_sending.get():
            signal()
        return await pool.handle_async_request(request)

    @staticmethod
    def _build() -> httpx2.AsyncHTTPTransport:
        limits = httpx2.Limits(max_connections=None, max_keepalive_connections=64)
        return httpx2.AsyncHTTPTransport(verify=_tls(), limits=limits)
