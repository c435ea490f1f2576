"""The WebSocket: everything that happens to the caller's orders, behind a cursor or from now on.

It looks at the list of their changes, which is the truth, whenever there may be more of it: at each piece of news, when
news may have been missed, and now and then. So it makes no difference which gateway a client comes back to.
"""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Annotated, Any, Final, Literal, NamedTuple

from aiohttp import WSCloseCode, WSMsgType, web
from pydantic import BaseModel, ConfigDict, Field

from discovery.config.edge import Edge
from gateway.live.feed import Watch, user_channel
from gateway.live.resource import LIVE, Live
from gateway.metrics import LIVE_CLOSED
from gateway.upstreams.client import Calls
from gateway.upstreams.order import Change, StatusChange
from services.chassis.config import CONFIGURATION
from services.chassis.errors import Forbidden, Malformed, Refusal, RetryLater
from services.chassis.http import query
from services.chassis.identity import caller
from services.chassis.middlewares import context_headers
from services.chassis.problem import status_of

_MAX_FRAME_BYTES: Final = 1024
_MAX_FRAMES: Final = 100
"""That a client may send between two heartbeats: pings and pongs, nothing else."""

_FAREWELL_SECONDS: Final = 2.0


class LiveQuery(BaseModel):
    """Who it is, and from where on."""

    model_config = ConfigDict(extra="forbid")

    ticket: Annotated[
        str | None,
        Field(description="A ticket of `POST /live/tickets`, where no access token can be sent in a header."),
    ] = None
    cursor: Annotated[
        str | None,
        Field(
            max_length=500,
            description="The `cursor` of the last message that was seen; without one, from now on.",
        ),
    ] = None


class LiveMessage(BaseModel):
    """A text message of the WebSocket. `order.status` has the change in `data`; `ready` says that all there was has
    been told, and what follows is new.
    """

    type: Literal["ready", "order.status"] = Field(examples=["order.status"])
    cursor: str = Field(description="Where to go on when the connection is lost.", examples=["eyJ1c2VyX2lk"])
    data: StatusChange | None = None


class Goodbye(NamedTuple):
    """Why a socket is closed: a code of RFC 6455, or 4000 and the status that HTTP has for it; and a word."""

    code: int
    reason: str


GONE: Final = Goodbye(WSCloseCode.OK, "")
RESTARTING: Final = Goodbye(WSCloseCode.SERVICE_RESTART, "restarting")
SLOW: Final = Goodbye(4408, "too-slow")
ONE_WAY: Final = Goodbye(WSCloseCode.UNSUPPORTED_DATA, "nothing-is-taken")
TALKATIVE: Final = Goodbye(WSCloseCode.POLICY_VIOLATION, "too-many-frames")


async def live(request: web.Request, calls: Calls) -> web.StreamResponse:
    """The socket, until one side closes it. Raises Malformed for what is no WebSocket, Forbidden for a page that may
    not call the API, TooMany and Unavailable when there is no place for it.
    """
    shared, cursor, user_id = request.app[LIVE], query(request, LiveQuery).cursor, caller(request).user_id
    _admit_origin(request)
    socket = web.WebSocketResponse(
        timeout=_FAREWELL_SECONDS,
        autoping=False,
        # What compresses costs hundreds of kilobytes a socket, and messages are small.
        compress=False,
        max_msg_size=_MAX_FRAME_BYTES,
    )
    if request.method != "GET" or not socket.can_prepare(request):
        raise Malformed("this is a WebSocket: ask for an upgrade")
    with shared.places.place(user_id):
        async with shared.feed.watching(user_channel(user_id)) as watch:
            socket.headers.update(context_headers())
            await socket.prepare(request)
            goodbye = await _first(_listen(socket, shared), _tell(socket, shared, watch, calls, cursor))
            await _close(request, socket, goodbye)
    return socket


def _admit_origin(request: web.Request) -> None:
    """Browsers let any page open a WebSocket, and tell whose it is. Raises Forbidden."""
    origin = request.headers.get("Origin")
    own = f"{request.headers.get('X-Forwarded-Proto', request.scheme)}://{request.host}"
    if origin not in (None, own) and not request.app[CONFIGURATION][Edge].admits(origin):
        raise Forbidden("pages of this origin may not call the API", slug="origin-not-allowed")


async def _first(*sides: Coroutine[Any, Any, Goodbye]) -> Goodbye:
    """How the first of them ends; then so do the others."""
    tasks = [asyncio.create_task(side) for side in sides]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return done.pop().result()
    except ConnectionResetError:
        return GONE
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _listen(socket: web.WebSocketResponse, shared: Live) -> Goodbye:
    """Until the client goes, says what it must not, or does not answer when it is asked whether it is there."""
    now, asked = asyncio.get_running_loop().time, False
    frames, until = 0, now() + shared.heartbeat_seconds
    while True:
        try:
            message = await socket.receive(timeout=shared.heartbeat_seconds)
        except TimeoutError:
            if asked or not await _sent(socket.ping(), shared):
                return SLOW
            asked = True
            continue
        asked = False
        frames, until = (frames + 1, until) if now() < until else (1, now() + shared.heartbeat_seconds)
        if frames > _MAX_FRAMES:
            return TALKATIVE
        match message.type:
            case WSMsgType.PONG:
                pass
            case WSMsgType.PING:
                if not await _sent(socket.pong(message.data), shared):
                    return SLOW
            case WSMsgType.TEXT | WSMsgType.BINARY:
                return ONE_WAY
            case _:
                return GONE


async def _tell(
    socket: web.WebSocketResponse, shared: Live, watch: Watch, calls: Calls, cursor: str | None
) -> Goodbye:
    """Until it may not go on. What cannot be read now is read later."""
    ready = False
    while not shared.feed.closed:
        try:
            page = await shared.looks.look(calls, cursor, watch.heard)
        except RetryLater:
            await watch.news(shared.retry_seconds)
            continue
        except Refusal as refusal:
            return Goodbye(4000 + status_of(refusal), refusal.slug)
        if cursor is None and page.more:
            continue
        cursor, messages = page.cursor, [_message(change) for change in page.items]
        if not (page.more or ready):
            messages.append(LiveMessage(type="ready", cursor=cursor))
            ready = True
        for message in messages:
            if not await _sent(socket.send_str(message.model_dump_json()), shared):
                return SLOW
        if not page.more:
            await watch.news(shared.pause)
    return RESTARTING


def _message(change: Change) -> LiveMessage:
    return LiveMessage(type="order.status", cursor=change.cursor, data=change)


async def _sent(sending: Coroutine[Any, Any, None], shared: Live) -> bool:
    """Whether the client reads so fast that this found room; nothing is kept for one that does not."""
    try:
        async with asyncio.timeout(shared.write_seconds):
            await sending
    except TimeoutError:
        return False
    return True


async def _close(request: web.Request, socket: web.WebSocketResponse, goodbye: Goodbye) -> None:
    """Say why, and wait a moment for it to be read."""
    if goodbye is not GONE:
        LIVE_CLOSED.labels(goodbye.code).inc()
    with suppress(TimeoutError):
        async with asyncio.timeout(2 * _FAREWELL_SECONDS):
            await socket.close(code=goodbye.code, message=goodbye.reason.encode())
    if socket.close_code == WSCloseCode.ABNORMAL_CLOSURE and request.transport is not None:
        request.transport.abort()
