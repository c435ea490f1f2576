"""Server-sent events: the statuses of one order, from the beginning or from where the client was, to its end."""

import asyncio
import re
from collections.abc import Iterable
from contextlib import suppress
from typing import Final

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from gateway.live.feed import Watch, order_channel
from gateway.live.progress import OVER, SETTLED, Progress, Step, advance, history
from gateway.live.resource import LIVE, Live
from gateway.upstreams.client import Calls
from gateway.upstreams.order import StatusChange, timeline
from services.chassis.errors import Invalid, Refusal, Unavailable
from services.chassis.http import query
from services.chassis.identity import caller
from services.chassis.middlewares import context_headers

_LAST_EVENT_ID: Final = "Last-Event-ID"
_EVENT_ID: Final = re.compile(r"[0-9]{1,9}")
_RECONNECT: Final = b"retry: 1000\n\n"
_HEARTBEAT: Final = b": still here\n\n"


class EventsQuery(BaseModel):
    """Who it is where no header can be sent, and how far the stream goes."""

    model_config = ConfigDict(extra="forbid")

    follow: bool = Field(
        False, description="On beyond the confirmation: to DELIVERED, CANCELLED or REFUNDED."
    )
    ticket: str | None = Field(
        None, description="A ticket of `POST /live/tickets`, for browsers: they can send no access token."
    )
    last_event_id: str | None = Field(
        None, description="As the header, for whoever opens a new stream and cannot send it."
    )


async def events(request: web.Request, calls: Calls) -> web.StreamResponse:
    """The stream; 204 when the client has seen all of it. Raises NotFound for an order that is not the caller's."""
    live, order_id = request.app[LIVE], request.match_info["id"]
    wanted = query(request, EventsQuery)
    start = Progress(_last_event_id(request, wanted), OVER if wanted.follow else SETTLED)
    with live.places.place(caller(request).user_id):
        async with live.feed.watching(order_channel(order_id)) as watch:
            step = advance(start, history(await timeline(calls, order_id)))
            if step.progress.ended and not step.due:
                return web.Response(status=204)
            if request.method == "HEAD":
                # Whatever came behind the headers would be taken for the answer to the next request.
                return web.Response(headers=_headers())
            response = await _open(request)
            # A refusal here means that the client may not see more, for one because its token has expired.
            with suppress(ConnectionResetError, Refusal):
                await _send(request, response, _RECONNECT + _lines(step.due), live.write_seconds)
                while not (step.progress.ended or live.feed.closed):
                    step = await _next(live, watch, calls, order_id, step.progress)
                    await _send(request, response, _lines(step.due) or _HEARTBEAT, live.write_seconds)
            return response


def _last_event_id(request: web.Request, wanted: EventsQuery) -> int:
    """The sequence that the client has seen last, 0 for none; a browser that reconnects says it anew in the header.

    Raises Invalid.
    """
    said = {_LAST_EVENT_ID: request.headers.get(_LAST_EVENT_ID), "last_event_id": wanted.last_event_id}
    for name, value in said.items():
        if value is not None and not _EVENT_ID.fullmatch(value):
            raise Invalid.field(name, "must be the id of an event of this stream")
    return int(said[_LAST_EVENT_ID] or said["last_event_id"] or 0)


async def _next(live: Live, watch: Watch, calls: Calls, order_id: str, progress: Progress) -> Step:
    """Wait for news, or until it is time to look. Raises Refusal when there is nothing more to see."""
    changes, missed = await watch.news(live.pause)
    step = advance(progress, changes)
    if not missed and not step.behind:
        return step
    try:
        return advance(progress, [*changes, *await live.reread(calls, order_id)])
    except Unavailable:
        return step


async def _open(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers=_headers())
    await response.prepare(request)
    return response


def _headers() -> dict[str, str]:
    return {
        "Content-Type": "text/event-stream",
        "Cache-Control": "no-store",
        **context_headers(),
    }


async def _send(request: web.Request, response: web.StreamResponse, data: bytes, seconds: float) -> None:
    """Raises ConnectionResetError when the client is gone, or takes longer than so many seconds to read."""
    try:
        async with asyncio.timeout(seconds):
            await response.write(data)
    except TimeoutError as error:
        if request.transport is not None:
            request.transport.abort()
        raise ConnectionResetError("the client does not read") from error


def _lines(changes: Iterable[StatusChange]) -> bytes:
    return b"".join(
        b"event: order.status\nid: %d\ndata: %s\n\n" % (change.sequence, change.model_dump_json().encode())
        for change in changes
    )
