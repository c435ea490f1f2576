"""A receiver of OTLP/HTTP traces: what the platform exports, to look into, on its way to the collector."""

from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from aiohttp import ClientError, ClientSession, ClientTimeout, web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.serving import serving


@dataclass
class OtlpReceiver:
    """Spans by trace id, each with the name of its service. What comes is passed on to the collector at `collector`."""

    url: str = ""
    collector: str = ""
    spans: defaultdict[str, list[tuple[str, Span]]] = field(default_factory=lambda: defaultdict(list))

    async def take(self, request: web.Request) -> web.Response:
        """POST /v1/traces, protobuf."""
        received = await request.read()
        export = ExportTraceServiceRequest.FromString(received)
        for resource in export.resource_spans:
            names = [a.value.string_value for a in resource.resource.attributes if a.key == "service.name"]
            for scope in resource.scope_spans:
                for span in scope.spans:
                    self.spans[span.trace_id.hex()].append((names[0] if names else "", span))
        if self.collector:
            await self._pass_on(received)
        body = ExportTraceServiceResponse().SerializeToString()
        return web.Response(body=body, content_type="application/x-protobuf")

    async def _pass_on(self, received: bytes) -> None:
        """The collector may be away, as every part."""
        with suppress(ClientError, TimeoutError):
            async with (
                ClientSession(self.collector, timeout=ClientTimeout(total=2)) as http,
                http.post("/v1/traces", data=received, headers={"Content-Type": "application/x-protobuf"}),
            ):
                pass

    def services(self, trace_id: str) -> set[str]:
        """The services that took part in a trace."""
        return {service for service, _ in self.spans[trace_id]}


@asynccontextmanager
async def otlp_receiver() -> AsyncIterator[OtlpReceiver]:
    """A receiver on a free port."""
    receiver = OtlpReceiver()
    app = web.Application(client_max_size=64 * 1024**2)
    app.router.add_post("/v1/traces", receiver.take)
    async with serving(app) as port:
        receiver.url = f"http://127.0.0.1:{port}"
        yield receiver
