"""Rate limits of routes, as FastAPI dependencies."""

import ipaddress
from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request

from shared.rate_limits import Counter, RateLimit, enforce, get_counter
from shared.sessions import Caller
from shared.web.authentication import authenticate


def limited_by_user(name: str, limit: int, window: int) -> Callable[..., None]:
    """A dependency that holds each signed-in user to a limit."""
    rate = RateLimit(name, limit, window)

    def check(
        caller: Annotated[Caller, Depends(authenticate)],
        counter: Annotated[Counter, Depends(get_counter)],
    ) -> None:
        enforce(counter, rate, str(caller.user_id))

    return check


def limited_by_address(name: str, limit: int, window: int) -> Callable[..., None]:
    """A dependency that holds each client address to a limit."""
    rate = RateLimit(name, limit, window)

    def check(request: Request, counter: Annotated[Counter, Depends(get_counter)]) -> None:
        enforce(counter, rate, client_address(request))

    return check


def client_address(request: Request) -> str:
    """The client's address as API Gateway saw it. Of IPv6 the /64, which one household holds.

    X-Forwarded-For is not read: a client may write there what it likes.
    """
    host = request.client.host if request.client else "unknown"
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.version == 4:
        return host
    return str(ipaddress.ip_network((address, 64), strict=False).network_address)
