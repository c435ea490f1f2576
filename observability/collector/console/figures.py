"""The series of a dashboard, asked of Prometheus."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

import aiohttp
import orjson
from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from observability.collector.console.dashboards import DASHBOARDS, Dashboard, Panel, Query
from services.chassis.errors import NotFound, Unavailable
from services.chassis.http import query

_POINTS: Final = 180
_SHORTEST_STEP: Final = 5
_CALL_SECONDS: Final = 10.0
_AT_ONCE: Final = 8
_MOST_SERIES: Final = 24
_LABEL: Final = re.compile(r"\{(\w+)\}")
PROMETHEUS: Final = web.AppKey("PROMETHEUS", aiohttp.ClientSession)
routes = web.RouteTableDef()


class RangeQuery(BaseModel):
    """How far back."""

    model_config = ConfigDict(extra="forbid")

    minutes: int = Field(30, ge=5, le=7 * 24 * 60)


def prometheus(url: str) -> Callable[[web.Application], AsyncIterator[None]]:
    """A client of Prometheus at this URL, for as long as the application lives."""

    async def resource(app: web.Application) -> AsyncIterator[None]:
        timeout = aiohttp.ClientTimeout(total=_CALL_SECONDS)
        connector = aiohttp.TCPConnector(limit=_AT_ONCE)
        async with aiohttp.ClientSession(url, timeout=timeout, connector=connector) as session:
            app[PROMETHEUS] = session
            yield

    return resource


@routes.get("/api/console/dashboards")
async def dashboards(_: web.Request) -> web.Response:
    """Which there are."""
    items = [{"name": one.name, "title": one.title} for one in DASHBOARDS.values()]
    return web.json_response({"items": items})


@routes.get("/api/console/dashboards/{name}")
async def dashboard(request: web.Request) -> web.Response:
    """One with its figures: for each panel the times (seconds) and, by legend, the values at them."""
    wanted = DASHBOARDS.get(request.match_info["name"])
    if wanted is None:
        raise NotFound("there is no such dashboard")
    minutes = query(request, RangeQuery).minutes
    found = await figures(request.app[PROMETHEUS], wanted, minutes, time.time())
    return web.Response(body=orjson.dumps(found), content_type="application/json")


async def figures(
    session: aiohttp.ClientSession, wanted: Dashboard, minutes: int, now: float
) -> dict[str, Any]:
    """Every panel of a dashboard over the last minutes. Raises Unavailable."""
    step = max(_SHORTEST_STEP, minutes * 60 // _POINTS)
    end = int(now) // step * step
    times = list(range(end - minutes * 60, end + 1, step))

    async def asked(one: Query) -> list[tuple[str, dict[int, float]]]:
        parameters: dict[str, str | int] = {
            "query": one.expression,
            "start": times[0],
            "end": end,
            "step": step,
        }
        try:
            async with session.get("/api/v1/query_range", params=parameters) as response:
                answer = orjson.loads(await response.read())
        except (aiohttp.ClientError, TimeoutError, orjson.JSONDecodeError) as error:
            raise Unavailable("Prometheus does not answer: `portico status` tells whether it runs") from error
        if answer.get("status") != "success":
            raise Unavailable(f"Prometheus: {answer.get('error', 'no reason given')}")
        return [_series(one, found) for found in answer["data"]["result"][:_MOST_SERIES]]

    async def drawn(panel: Panel) -> dict[str, Any]:
        found = await asyncio.gather(*(asked(one) for one in panel.queries))
        return {
            "title": panel.title,
            "unit": panel.unit,
            "help": panel.help,
            "series": [
                {"name": name, "values": [values.get(at) for at in times]}
                for name, values in sorted(series for group in found for series in group)
            ],
        }

    panels = await asyncio.gather(*(drawn(panel) for panel in wanted.panels))
    return {"name": wanted.name, "title": wanted.title, "times": times, "panels": panels}


def _series(one: Query, found: dict[str, Any]) -> tuple[str, dict[int, float]]:
    labels = found["metric"]
    name = _LABEL.sub(lambda label: str(labels.get(label[1], "")), one.legend).strip()
    # Prometheus says NaN where nothing was divided by nothing; JSON has no word for it, and there is nothing to draw.
    values = {int(at): float(value) for at, value in found["values"] if value not in ("NaN", "+Inf", "-Inf")}
    return name or "all", values
