"""Traces and logs: Jaeger's query API for tools, and what the page asks in its own words."""

import time
from dataclasses import asdict
from functools import partial
from typing import Any, Final, Literal

import orjson
from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from observability.collector import jaeger, searching
from observability.collector.database import Readers
from observability.collector.searching import Line, LogQuery
from services.chassis.errors import Invalid, NotFound
from services.chassis.http import query

TRACES: Final = web.AppKey("TRACES", Readers)
LOGS: Final = web.AppKey("LOGS", Readers)
_MAP_MINUTES: Final = 60
_MICROSECONDS: Final = 1_000_000
routes = web.RouteTableDef()


@routes.get("/api/services")
async def services(request: web.Request) -> web.Response:
    """Every service that has spans."""
    return _json(jaeger.answer(await request.app[TRACES].ask(searching.services)))


@routes.get("/api/services/{service}/operations")
async def operation_names(request: web.Request) -> web.Response:
    """The names of a service's operations."""
    found = await _operations(request, request.match_info["service"])
    return _json(jaeger.answer(sorted({name for name, _ in found})))


@routes.get("/api/operations")
async def operations(request: web.Request) -> web.Response:
    """The operations of `service` with their kinds."""
    found = await _operations(request, request.query.get("service", ""))
    return _json(jaeger.answer([{"name": name, "spanKind": kind} for name, kind in found]))


@routes.get("/api/traces")
async def traces(request: web.Request) -> web.Response:
    """The traces that fit, whole, the newest first; `traceID`, which may be given several times, names them instead."""
    store = request.app[TRACES]
    if named := request.query.getall("traceID", []):
        ids = [jaeger.trace_id(one) for one in named[:20]]
    else:
        ids = await store.ask(partial(searching.find_traces, query=jaeger.trace_query(request.query)))
    found = [await store.ask(partial(searching.read_trace, trace_id=one)) for one in ids]
    return _json(jaeger.answer([jaeger.trace(spans) for spans in found if spans]))


@routes.get("/api/traces/{trace_id}")
async def trace(request: web.Request) -> web.Response:
    """One trace, whole."""
    trace_id = jaeger.trace_id(request.match_info["trace_id"])
    spans = await request.app[TRACES].ask(partial(searching.read_trace, trace_id=trace_id))
    if not spans:
        raise NotFound("there is no such trace: it was not recorded, or is too old")
    return _json(jaeger.answer([jaeger.trace(spans)]))


@routes.get("/api/dependencies")
async def dependencies(request: web.Request) -> web.Response:
    """Who calls whom, as Jaeger tells it."""
    return _json(jaeger.answer(jaeger.dependencies(await _calls(request))))


@routes.get("/api/console/traces")
async def overviews(request: web.Request) -> web.Response:
    """The traces that fit, one line each; parameters as of `/api/traces`."""
    wanted = jaeger.trace_query(request.query)

    def look(db: Any) -> list[searching.Overview]:
        return searching.overviews(db, searching.find_traces(db, wanted))

    return _json({"items": [asdict(one) for one in await request.app[TRACES].ask(look)]})


@routes.get("/api/console/calls")
async def calls(request: web.Request) -> web.Response:
    """Who called whom in the last hour, and by which means."""
    return _json({"items": [asdict(call) for call in await _calls(request)]})


class LinesQuery(BaseModel):
    """Which log lines. Times are microseconds since the epoch."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field("", max_length=500)
    trace_id: str = Field("", max_length=64)
    correlation_id: str = Field("", max_length=128)
    service: str = Field("", max_length=128)
    level: Literal["debug", "info", "warning", "error"] = "debug"
    start: int = Field(0, ge=0, lt=2**62)
    end: int = Field(2**62, ge=0, le=2**62)
    before: int = Field(2**62, ge=0, le=2**62)
    limit: int = Field(200, ge=1, le=1000)


@routes.get("/api/console/logs")
async def lines(request: web.Request) -> web.Response:
    """The log lines that fit, those that came last first; `next` is the `before` of the next page."""
    asked = query(request, LinesQuery)
    wanted = LogQuery(**{**dict(asked), "trace_id": asked.trace_id and jaeger.trace_id(asked.trace_id)})
    found = await request.app[LOGS].ask(partial(searching.find_lines, query=wanted))
    more = found[-1].id if len(found) == wanted.limit else None
    # They came in this order, which is almost that of time: every file is read on its own.
    latest_first = sorted(found, key=lambda line: line.row.at, reverse=True)
    return _json({"items": [_line(line) for line in latest_first], "next": more})


def _line(line: Line) -> dict[str, Any]:
    return {"id": line.id, **asdict(line.row)}


async def _operations(request: web.Request, service: str) -> list[tuple[str, str]]:
    if not service:
        raise Invalid.field("service", "name one")
    return await request.app[TRACES].ask(partial(searching.operations, service=service))


async def _calls(request: web.Request) -> list[searching.Call]:
    since = (int(time.time()) - _MAP_MINUTES * 60) * _MICROSECONDS
    return await request.app[TRACES].ask(partial(searching.calls, since=since))


def _json(document: object) -> web.Response:
    return web.Response(body=orjson.dumps(document), content_type="application/json")
