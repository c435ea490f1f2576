"""Envoy's side of the control plane: delta ADS over gRPC."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from typing import TypeGuard

import grpc
from grpc import aio

from discovery.control_plane import metrics
from discovery.control_plane.codec import Codec, Request, Response
from discovery.control_plane.edges import Edge, Edges
from discovery.control_plane.policy import Role
from discovery.control_plane.publisher import ROLES, Publisher
from discovery.control_plane.resources import EXTENSION, SHORT_NAMES
from discovery.control_plane.resources.admission import TOKENS
from discovery.control_plane.session import Rejection, Session

_SERVICE = "envoy.service.discovery.v3.AggregatedDiscoveryService"
_OPTIONS = (
    # With it a second control plane at this port would silently take half of the Envoys.
    ("grpc.so_reuseport", 0),
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.max_concurrent_streams", 256),
)
_STOP_SECONDS = 0.5

logger = logging.getLogger(__name__)
Context = aio.ServicerContext[Request, Response]


@asynccontextmanager
async def serving(
    publisher: Publisher, edges: Edges, codec: Codec, host: str, port: int
) -> AsyncIterator[int]:
    """Serves what `publisher` has to every Envoy that connects, and keeps `edges`; yields the port.

    Raises OSError if it is taken.
    """
    server = aio.server(options=_OPTIONS)
    handler = grpc.stream_stream_rpc_method_handler(
        DiscoveryService(publisher, edges).stream,
        request_deserializer=codec.request,
        response_serializer=codec.response,
    )
    methods = {"DeltaAggregatedResources": handler}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(_SERVICE, methods),))
    bound = _bind(server, f"{host}:{port}")
    await server.start()
    try:
        yield bound
    finally:
        # Streams never end by themselves; an Envoy that loses its own turns to the next control plane.
        await server.stop(_STOP_SECONDS)


class DiscoveryService:
    """One `Session` for every Envoy's stream."""

    def __init__(self, publisher: Publisher, edges: Edges) -> None:
        self._publisher, self._edges = publisher, edges

    async def stream(self, requests: AsyncIterator[Request], context: Context) -> None:
        """Serve one Envoy until it leaves. Its first request says which role it has."""
        first = await anext(requests, None)
        if first is None:
            return
        role = first.node_cluster
        if not _is_role(role):
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"node.cluster must be one of {ROLES}")
        logger.info("envoy %s (%s) is connected", first.node_id, role)
        present = self._edges.connected(first.node_id) if role == "edge" else nullcontext()
        with metrics.CONNECTED.labels(role).track_inprogress(), present as edge:
            await self._converse(_Conversation(role, first, context, edge), requests)
        logger.info("envoy %s (%s) is gone", first.node_id, role)

    async def _converse(self, conversation: "_Conversation", requests: AsyncIterator[Request]) -> None:
        with self._publisher.listening() as news:
            news.set()
            listener = asyncio.create_task(conversation.listen(requests, news))
            try:
                while not listener.done():
                    await news.wait()
                    news.clear()
                    await conversation.tell(self._publisher, self._edges)
                await listener
            finally:
                listener.cancel()


class _Conversation:
    """What is said on one stream."""

    def __init__(self, role: Role, first: Request, context: Context, edge: Edge | None) -> None:
        self._role, self._node_id, self._context, self._edge = role, first.node_id, context, edge
        self._session = Session()
        self._hear(first)

    async def listen(self, requests: AsyncIterator[Request], news: asyncio.Event) -> None:
        """Take in what the Envoy says until it leaves, and set `news` each time."""
        try:
            async for request in requests:
                self._hear(request)
                news.set()
        finally:
            news.set()

    async def tell(self, publisher: Publisher, edges: Edges) -> None:
        """Send what is news. Before the first snapshot there is none."""
        published = publisher.snapshots.get(self._role)
        if published and self._edge:
            edges.offer(published)
        for response in list(self._session.responses(published)) if published else ():
            await self._context.write(response)
            metrics.PUSHES.labels(self._role, SHORT_NAMES[response.type_url]).inc()

    def _hear(self, request: Request) -> None:
        rejection = self._session.receive(request)
        if rejection is not None:
            short = SHORT_NAMES[rejection.type_url]
            metrics.NACKS.labels(self._role, short).inc()
            names = ", ".join(rejection.versions)
            logger.error("envoy %s refuses %s %s: %s", self._node_id, short, names, rejection.reason)
        if self._edge is not None:
            _note_keys(self._edge, self._session.taken(EXTENSION, TOKENS), rejection)


def _note_keys(edge: Edge, version: str | None, rejection: Rejection | None) -> None:
    """What an edge has said of its keys, if this was what it spoke of."""
    if rejection is not None and rejection.type_url == EXTENSION and TOKENS in rejection.versions:
        edge.refusal = rejection.reason
    elif version != edge.version:
        edge.version, edge.refusal = version, None


def _bind(server: aio.Server, address: str) -> int:
    try:
        return server.add_insecure_port(address)
    except RuntimeError as error:
        raise OSError(f"cannot listen on {address}") from error


def _is_role(name: str) -> TypeGuard[Role]:
    return name in ROLES
