"""A receiver of OTLP/HTTP traces: what the platform exports, to look into."""

from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.serving import serving


@dataclass
class OtlpReceiver:
    """Spans by trace id, each with the name of its service."""

    url: str = ""
    spans: defaultdict[str, list[tuple[str, Span]]] = field(default_factory=lambda: defaultdict(list))

    async def take(self, request: web.Request) -> web.Response:
        """POST /v1/traces, protobuf."""
        export = ExportTraceServiceRequest.FromString(await request.read())
        for resource in export.resource_spans:
            names = [a.value.string_value for a in resource.resource.attributes if a.key == "service.name"]
            for scope in resource.scope_spans:
                for span in scope.spans:
                    self.spans[span.trace_id.hex()].append((names[0] if names else "", span))
        body = ExportTraceServiceResponse().SerializeToString()
        return web.Response(body=body, content_type="application/x-protobuf")

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
