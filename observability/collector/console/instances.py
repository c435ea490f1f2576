"""Who runs: every instance that Consul knows, with what its check said last."""

from typing import Any, Final

import orjson
from aiohttp import web

from discovery.consul.client import ERRORS, consul_client
from services.chassis.errors import Unavailable

CONSUL_URL: Final = web.AppKey("CONSUL_URL", str)
_TAG: Final = "portico"
_MOST_OUTPUT: Final = 4_000
routes = web.RouteTableDef()


@routes.get("/api/console/instances")
async def instances(request: web.Request) -> web.Response:
    """The instances of every service of the platform."""
    try:
        async with consul_client(request.app[CONSUL_URL]) as consul:
            _, tags_of = await consul.catalog.services()
            found = []
            for service in sorted(name for name, tags in tags_of.items() if _TAG in tags):
                _, entries = await consul.health.service(service, tag=_TAG)
                found += [_instance(entry) for entry in entries]
    except ERRORS as error:
        raise Unavailable("Consul does not answer: `portico status` tells whether it runs") from error
    return web.Response(body=orjson.dumps({"items": found}), content_type="application/json")


def _instance(entry: dict[str, Any]) -> dict[str, Any]:
    service, checks = entry["Service"], entry["Checks"]
    statuses = {check["Status"] for check in checks}
    worst = next((one for one in ("critical", "warning", "passing") if one in statuses), "unknown")
    return {
        "service": service["Service"],
        "id": service["ID"],
        "address": f"{service['Address']}:{service['Port']}",
        "tags": [tag for tag in service["Tags"] if tag != _TAG],
        "version": (service.get("Meta") or {}).get("version", ""),
        "status": worst,
        "checks": [
            {"name": check["Name"], "status": check["Status"], "output": check["Output"][:_MOST_OUTPUT]}
            for check in checks
        ],
    }
