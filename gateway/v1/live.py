"""Live updates of everything that is the caller's."""

from typing import Annotated, Final

from aiohttp import web
from pydantic import BaseModel, Field

from gateway.contract import Contract, Messages, Tag
from gateway.endpoint import no_parameters
from gateway.live.socket import LiveMessage, LiveQuery
from gateway.live.tickets import TICKET_SECONDS, TICKETS
from gateway.upstreams.client import Calls
from services.chassis.http import reply
from services.chassis.identity import access_token

LIVE: Final = Tag("Live", "What happens, as it happens, and nothing of it missed.")


class TicketOut(BaseModel):
    """Opens one stream in place of an access token, which must not stand in a URL."""

    ticket: Annotated[
        str, Field(examples=["Q3Jkq0Vn2mQ3cJm9c0Yw5gk1m3Yp7sV0aZr8xw2LhT6uBfGd4Nq9oEiXy5SvWcHtKzP"])
    ]
    expires_in: Annotated[int, Field(description="Seconds.", examples=[TICKET_SECONDS])]


async def issue_ticket(request: web.Request, _calls: Calls) -> web.Response:
    """A ticket for whoever asks."""
    no_parameters(request)
    ticket = await request.app[TICKETS].issue(access_token(request))
    return reply(TicketOut(ticket=ticket, expires_in=TICKET_SECONDS), 201, {"Cache-Control": "no-store"})


TICKET: Final = Contract(
    LIVE,
    "issue_live_ticket",
    "A ticket for a stream",
    "For browsers, which cannot send an access token with a WebSocket or an `EventSource`: it goes into the query as "
    "`ticket`. It opens one stream, within 30 seconds, and the stream ends when the access token expires that the "
    "ticket was got with.",
    gives={201: TicketOut},
)

SOCKET: Final = Contract(
    LIVE,
    "watch_everything",
    "Watch all your orders",
    "A WebSocket. Every status that any of your orders enters is one text message, in JSON, behind `cursor` or from "
    "now on. The `cursor` of the last message that was seen goes on behind it, on whichever server: nothing is missed, "
    "and nothing comes twice. A first message of type `ready` says that all there was has been told. Nothing may be "
    "sent but pings and pongs.\n\n"
    "It is closed with 1012 when its server is restarted, 4408 when the client reads or answers too slowly, and 4401 "
    "when its access token has expired: open another with the last cursor. 4409 says that the cursor is too old: look "
    "at your orders and begin anew. 4422 says that it is no cursor of yours, 1003, 1008 and 1009 that something was "
    "sent that must not be.",
    query=LiveQuery,
    gives={101: Messages(LiveMessage)},
    refuses={403: {"origin-not-allowed": "Pages of this origin may not call the API."}},
)
