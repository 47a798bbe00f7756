"""Joins the realtime service with the outside."""

from functools import lru_cache

from functions.realtime.service import Sockets
from functions.realtime.tickets import Tickets
from shared.cache.client import get_cache
from shared.jobs.wiring import open_jobs
from shared.rate_limits import get_counter
from shared.realtime.chat_signals import get_chat_queue, get_stop_signals
from shared.realtime.connections import ApiGatewayConnections
from shared.realtime.delivery import get_delivery
from shared.realtime.sender import get_sender
from shared.realtime.subscriptions import Subscriptions
from shared.sessions import get_session_directory


@lru_cache
def get_tickets() -> Tickets:
    """The tickets of this stack."""
    return Tickets(get_cache())


@lru_cache
def get_sockets() -> Sockets:
    """What answers the WebSocket connections of this stack."""
    return Sockets(
        tickets=get_tickets(),
        sessions=get_session_directory(),
        subscriptions=Subscriptions(get_cache()),
        connections=ApiGatewayConnections(),
        sender=get_sender(),
        delivery=get_delivery(),
        open_jobs=open_jobs,
        chat_queue=get_chat_queue(),
        stop_signals=get_stop_signals(),
        counter=get_counter(),
    )
