"""Tracing is set up once in a process, so each test has an interpreter of its own."""

import asyncio
import os
import subprocess
import sys

from aiohttp import web
from aiohttp.test_utils import TestServer
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

SERVE_ONE_REQUEST = """
import asyncio, aiohttp
from aiohttp import web
from opentelemetry import trace
from observability.context import trace_id
from observability.tracing import configure_tracing, server_middleware, untraced

shutdown = configure_tracing("order", "order-1", "0.1.0")

async def handler(request):
    return web.Response(text=trace_id())

async def main():
    app = web.Application(middlewares=[server_middleware()])
    app.add_routes([web.get("/orders/{id}", handler), web.get("/livez", handler)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = "http://127.0.0.1:%d" % runner.addresses[0][1]
    async with aiohttp.ClientSession() as session:
        async with session.get(url + "/upkeep") as probe:
            await probe.read()
        with trace.get_tracer("test").start_as_current_span("work"):
            async with session.get(url + "/livez") as probe:
                await probe.read()
            async with session.get(url + "/orders/7?q=private") as answer:
                print(await answer.text())
        with untraced():
            async with session.get(url + "/livez") as probe:
                await probe.read()
    await runner.cleanup()

asyncio.run(main())
shutdown()
"""

CALL = """
from opentelemetry import trace
from observability.context import traceparent
from observability.tracing import calling, configure_tracing

shutdown = configure_tracing("gateway", "gateway-1", "0.1.0")
with trace.get_tracer("test").start_as_current_span("a request"), calling("GET order"):
    print(traceparent())
shutdown()
"""

SERVE_MORE_THAN_ARE_RECORDED = """
import asyncio, aiohttp
from aiohttp import web
from observability.context import traceparent
from observability.tracing import configure_tracing, server_middleware, untraced

shutdown = configure_tracing("gateway", "gateway-1", "0.1.0")
CHOSEN, NOT_CHOSEN = ("00-" + digit * 32 + "-" + "b" * 16 + flags for digit, flags in (("a", "-01"), ("c", "-00")))

async def handler(request):
    async with aiohttp.ClientSession() as session, session.get(request.url.with_path("/livez")):
        return web.Response(text=traceparent())

async def main():
    app = web.Application(middlewares=[server_middleware(0.1)])
    app.add_routes([web.get("/orders", handler), web.get("/livez", lambda request: asyncio.sleep(0, web.Response()))])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = "http://127.0.0.1:%d" % runner.addresses[0][1]
    with untraced():
        async with aiohttp.ClientSession() as session:
            for parent in (NOT_CHOSEN, CHOSEN, CHOSEN):
                async with session.get(url + "/orders", headers={"traceparent": parent}) as answer:
                    print(await answer.text())
    await runner.cleanup()

asyncio.run(main())
shutdown()
"""

OFF = """
import sys
from observability.tracing import configure_tracing, server_middleware
configure_tracing("order", "order-1", "0.1.0")()
assert server_middleware() is None
unwanted = ("opentelemetry.sdk", "opentelemetry.instrumentation")
assert not [name for name in sys.modules if name.startswith(unwanted)]
"""


async def run(code: str, endpoint: str) -> str:
    environment = {**os.environ, "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    return out.decode().strip()


async def collected(code: str) -> tuple[str, list[Span]]:
    """What the code says, and the spans that it leaves."""
    spans: list[Span] = []

    async def collect(request: web.Request) -> web.Response:
        export = ExportTraceServiceRequest.FromString(await request.read())
        spans.extend(s for r in export.resource_spans for scope in r.scope_spans for s in scope.spans)
        return web.Response()

    collector = web.Application()
    collector.add_routes([web.post("/v1/traces", collect)])
    async with TestServer(collector) as server:
        return await run(code, str(server.make_url(""))), spans


async def test_without_a_collector_the_sdk_is_not_even_loaded() -> None:
    await run(OFF, "")


async def test_a_request_is_one_trace_without_its_query() -> None:
    seen, spans = await collected(SERVE_ONE_REQUEST)
    named = {span.name: span for span in spans}
    assert named["GET /orders/{id}"].trace_id.hex() == seen
    assert named["GET /orders/{id}"].kind == Span.SPAN_KIND_SERVER
    assert "private" not in str(spans)
    assert "upkeep" not in str(spans)
    assert not [name for name in named if "livez" in name]
    assert len([span for span in spans if span.kind == Span.SPAN_KIND_CLIENT]) == 2


async def test_what_nobody_chose_and_what_is_too_much_pass_without_a_trace() -> None:
    said, spans = await collected(SERVE_MORE_THAN_ARE_RECORDED)
    not_chosen, chosen, one_too_many = said.splitlines()
    assert not_chosen == f"00-{'c' * 32}-{'b' * 16}-00"
    assert one_too_many == f"00-{'a' * 32}-{'b' * 16}-00"
    served, called = sorted(spans, key=lambda span: span.kind)
    assert chosen == f"00-{'a' * 32}-{served.span_id.hex()}-01"
    assert (served.kind, served.parent_span_id.hex()) == (Span.SPAN_KIND_SERVER, "b" * 16)
    assert (called.kind, called.parent_span_id) == (Span.SPAN_KIND_CLIENT, served.span_id)


async def test_a_call_is_a_span_that_what_is_called_goes_on_with() -> None:
    sent, spans = await collected(CALL)
    span = next(span for span in spans if span.name == "GET order")
    assert span.kind == Span.SPAN_KIND_CLIENT
    assert sent.startswith(f"00-{span.trace_id.hex()}-{span.span_id.hex()}-")


async def test_without_a_collector_a_call_goes_on_with_what_was_received() -> None:
    assert (await run(CALL, "")).startswith("00-")


async def test_a_dead_collector_disturbs_nothing() -> None:
    assert len(await run(SERVE_ONE_REQUEST, "http://127.0.0.1:9")) == 32
