"""The HTTP interface of the realtime service."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Response

from functions.realtime.schemas import TicketView
from functions.realtime.tickets import TICKET_SECONDS, Tickets
from functions.realtime.wiring import get_tickets
from shared.config import get_settings
from shared.realtime.subscriptions import Connected
from shared.web.application import create_application, lambda_handler
from shared.web.authentication import SignedIn
from shared.web.health import check_cache, health_router
from shared.web.rate_limits import limited_by_user

router = APIRouter(prefix="/api/realtime", tags=["realtime"])


@router.post(
    "/ticket",
    response_model=TicketView,
    dependencies=[Depends(limited_by_user("tickets", 60, 60))],
)
def issue_ticket(
    caller: SignedIn, tickets: Annotated[Tickets, Depends(get_tickets)], response: Response
) -> TicketView:
    """Get a ticket that opens one WebSocket connection, within 30 seconds."""
    response.headers["Cache-Control"] = "no-store"
    ticket = tickets.issue(Connected(caller.user_id, caller.session_id))
    url = f"{get_settings().websocket_url}?{urlencode({'ticket': ticket})}"
    return TicketView(ticket=ticket, url=url, expires_in=TICKET_SECONDS)


app = create_application("realtime", health_router("realtime", {"tickets": check_cache}), router)
handler = lambda_handler(app)
