"""Where processes send their traces: OTLP over HTTP, protobuf."""

import zlib
from typing import Final

from aiohttp import web
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from observability.collector.intake import Intake
from services.chassis.errors import Malformed, TooLarge, UnsupportedMedia
from services.chassis.middlewares import in_context, refusing

INTAKE: Final = web.AppKey("INTAKE", Intake)
PROTOBUF: Final = "application/x-protobuf"
MAX_BODY: Final = 16 * 1024 * 1024
routes = web.RouteTableDef()


def make_receiver(intake: Intake) -> web.Application:
    """The application behind the OTLP port."""
    app = web.Application(middlewares=[in_context, refusing], client_max_size=MAX_BODY)
    app[INTAKE] = intake
    app.add_routes(routes)
    return app


@routes.post("/v1/traces")
async def take(request: web.Request) -> web.Response:
    """Take an export; what there is no room for is rejected, which is told and not tried again."""
    # No page of a browser can send this type without being asked first whether it may.
    if request.content_type != PROTOBUF:
        raise UnsupportedMedia(f"send OTLP as {PROTOBUF}")
    try:
        export = ExportTraceServiceRequest.FromString(await _body(request))
    except DecodeError as error:
        raise Malformed("the body is no OTLP export of traces") from error
    answer = ExportTraceServiceResponse()
    if rejected := request.app[INTAKE].offer(export):
        answer.partial_success.rejected_spans = rejected
        answer.partial_success.error_message = "there are more spans than can be stored"
    return web.Response(body=answer.SerializeToString(), content_type=PROTOBUF)


async def _body(request: web.Request) -> bytes:
    try:
        body = await request.read()
    except web.HTTPRequestEntityTooLarge as error:
        raise TooLarge from error
    match request.headers.get("Content-Encoding", "identity").lower():
        case "identity":
            return body
        case "gzip":
            return _unpacked(body)
        case other:
            raise UnsupportedMedia(f"the Content-Encoding {other} is not understood; use gzip, or none")


def _unpacked(body: bytes) -> bytes:
    unpacking = zlib.decompressobj(wbits=31)
    try:
        plain = unpacking.decompress(body, MAX_BODY)
    except zlib.error as error:
        raise Malformed("the body is not valid gzip") from error
    if unpacking.unconsumed_tail:
        raise TooLarge
    return plain
