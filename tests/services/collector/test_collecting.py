"""What processes send is found in the console's API: by the real exporter, in real files."""

import asyncio
import gzip
import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import ClientSession
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from observability.collector.intake import Intake
from observability.collector.receiver import make_receiver
from scripts.supervisor.logfile import LogFile
from tests.parts import eventually
from tests.services.collector.conftest import Collector
from tests.serving import serving
from tests.unit.collector.spans import export, text

PROTOBUF = {"Content-Type": "application/x-protobuf"}


def traced(url: str, compression: Compression) -> str:
    """Export a small trace of the order service as a process does; its id."""
    provider = TracerProvider(
        resource=Resource.create({"service.name": "order", "service.instance.id": "order-1"})
    )
    exporter = OTLPSpanExporter(f"{url}/v1/traces", compression=compression, timeout=5)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    tracer = provider.get_tracer("test")
    with tracer.start_as_current_span("POST /orders", attributes={"http.status_code": 202}) as span:
        for _ in range(50):
            tracer.start_span("order.insert").end()
    provider.shutdown()
    return f"{span.get_span_context().trace_id:032x}"


@pytest.mark.parametrize("compression", [Compression.NoCompression, Compression.Gzip])
async def test_what_the_exporter_sends_is_answered_as_jaeger_would(
    collector: Collector, compression: Compression
) -> None:
    trace_id = await asyncio.to_thread(traced, collector.otlp, compression)

    async def listed() -> Any:
        return (await collector.get("/api/traces", service="order", operation="POST /orders"))["data"]

    [trace] = await eventually(listed)
    assert (trace["traceID"], len(trace["spans"])) == (trace_id, 51)
    [same] = (await collector.get(f"/api/traces/{trace_id.lstrip('0')}"))["data"]
    assert same == trace
    assert (await collector.get("/api/services"))["data"] == ["order"]
    names = (await collector.get("/api/services/order/operations"))["data"]
    assert names == ["POST /orders", "order.insert"]
    kinds = (await collector.get("/api/operations", service="order"))["data"]
    assert {"name": "order.insert", "spanKind": "internal"} in kinds
    [overview] = (await collector.get("/api/console/traces", tags='{"http.status_code": 202}'))["items"]
    assert overview["trace_id"] == trace_id


async def test_an_export_that_is_sent_again_changes_nothing(collector: Collector) -> None:
    now = time.time_ns()
    sent = export(start_time_unix_nano=now)
    for number, kind in enumerate((Span.SPAN_KIND_SERVER, Span.SPAN_KIND_CONSUMER), 1):
        called = export(
            span_id=number.to_bytes(8), parent_span_id=b"s" * 8, kind=kind, start_time_unix_nano=now
        )
        called.resource_spans[0].resource.attributes[0].CopyFrom(text("service.name", "payment"))
        sent.MergeFrom(called)
    later = export(trace_id=b"l" * 16)
    async with ClientSession(collector.otlp, raise_for_status=True) as http:
        for one in (sent, sent, later):
            await http.post("/v1/traces", data=one.SerializeToString(), headers=PROTOBUF)

    async def stored() -> Any:
        return len((await collector.get("/api/console/traces"))["items"]) == 2

    await eventually(stored)
    assert (await collector.get("/api/dependencies"))["data"] == [
        {"parent": "order", "child": "payment", "callCount": 2}
    ]


async def test_what_is_no_export_is_refused_and_says_why(collector: Collector) -> None:
    url = f"{collector.otlp}/v1/traces"
    async with ClientSession() as http:
        for body, headers, status in (
            (b"{}", {"Content-Type": "application/json"}, 415),
            (b"", {"Content-Type": "text/plain"}, 415),
            (b"\xff\xff", PROTOBUF, 400),
            (b"no gzip", {**PROTOBUF, "Content-Encoding": "gzip"}, 400),
            (b"", {**PROTOBUF, "Content-Encoding": "br"}, 415),
            (gzip.compress(b"\0" * (17 * 1024 * 1024)), {**PROTOBUF, "Content-Encoding": "gzip"}, 413),
            (b"\0" * (17 * 1024 * 1024), PROTOBUF, 413),
        ):
            async with http.post(url, data=body, headers=headers) as response:
                assert response.status == status, await response.text()
                assert (await response.json(content_type=None))["detail"]


async def test_lines_are_found_by_words_and_by_id(collector: Collector) -> None:
    log = LogFile(collector.logs, "order-1")
    said = {
        "@timestamp": datetime.now(UTC).isoformat(),
        "log.level": "warning",
        "message": "payment was declined",
        "service.name": "order",
        "trace.id": "a" * 32,
        "labels.correlation_id": "c-1",
    }
    log.write(json.dumps(said).encode() + b"\n")
    for query in (
        {"text": "declined"},
        {"trace_id": "a" * 32},
        {"correlation_id": "c-1"},
        {"level": "warning"},
    ):

        async def listed(query: dict[str, str] = query) -> Any:
            return (await collector.get("/api/console/logs", **query))["items"]

        [line] = await eventually(listed)
        assert (line["service"], line["message"]) == ("order", "payment was declined")
    assert (await collector.get("/api/console/logs", text="approved"))["items"] == []
    [same] = (await collector.get("/api/console/logs", text="pay\0ment"))["items"]
    assert same["message"] == "payment was declined"


async def test_more_than_there_is_room_for_is_rejected_and_told() -> None:
    async with (
        serving(make_receiver(Intake(capacity=2))) as port,
        ClientSession(f"http://127.0.0.1:{port}", raise_for_status=True) as http,
    ):
        rejected = []
        for _ in range(4):
            body = export().SerializeToString()
            async with http.post("/v1/traces", data=body, headers=PROTOBUF) as response:
                answer = ExportTraceServiceResponse.FromString(await response.read())
            rejected.append(answer.partial_success.rejected_spans)
    assert rejected == [0, 0, 1, 1]
