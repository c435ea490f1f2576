"""The operations service's HTTP edge for configuration and feature flags, for administrators alone."""

import json
from typing import Any

from aiohttp import web

from services.chassis.clock import utcnow
from services.chassis.deeds import Deed
from services.chassis.http import read, reply
from services.chassis.identity import Caller, Role, require
from services.operations.audit import witnessed
from services.operations.config_schemas import FlagIn, FlagsOut, OverridesIn, SectionsOut
from services.operations.configuration import CONFIGURED

routes = web.RouteTableDef()


@routes.get("/config")
async def sections(request: web.Request) -> web.Response:
    """Every section: defaults, what is set instead, and what is in force."""
    require(request, Role.ADMIN)
    return reply(SectionsOut(items=tuple(await request.app[CONFIGURED].sections())))


@routes.get("/config/{section}")
async def section(request: web.Request) -> web.Response:
    """One section."""
    require(request, Role.ADMIN)
    return reply(await request.app[CONFIGURED].section(request.match_info["section"]))


@routes.put("/config/{section}")
async def override(request: web.Request) -> web.Response:
    """The section with these overrides, which every process takes over at once."""
    who, name = require(request, Role.ADMIN), request.match_info["section"]
    body = await read(request, OverridesIn)
    # As text: whatever is refused, the database has to be able to keep it.
    said = {"overrides": json.dumps(body.overrides)}
    async with witnessed(_deed(who, "configure", said), f"config/{name}"):
        return reply(await request.app[CONFIGURED].override(name, body.overrides, body.version))


@routes.get("/flags")
async def flags(request: web.Request) -> web.Response:
    """Every flag that is set."""
    require(request, Role.ADMIN)
    return reply(FlagsOut(items=tuple(await request.app[CONFIGURED].flags())))


@routes.get("/flags/{name}")
async def flag(request: web.Request) -> web.Response:
    """One flag."""
    require(request, Role.ADMIN)
    return reply(await request.app[CONFIGURED].flag(request.match_info["name"]))


@routes.put("/flags/{name}")
async def set_flag(request: web.Request) -> web.Response:
    """The flag as it is now."""
    who, name = require(request, Role.ADMIN), request.match_info["name"]
    body = await read(request, FlagIn)
    wanted = body.flag()
    async with witnessed(_deed(who, "set_flag", wanted.model_dump(mode="json")), f"flags/{name}"):
        return reply(await request.app[CONFIGURED].set_flag(name, wanted, body.version))


@routes.delete("/flags/{name}")
async def remove_flag(request: web.Request) -> web.Response:
    """204: the default of the code holds again."""
    who, name = require(request, Role.ADMIN), request.match_info["name"]
    async with witnessed(_deed(who, "remove_flag", {}), f"flags/{name}"):
        await request.app[CONFIGURED].remove_flag(name)
    return web.Response(status=204)


def _deed(who: Caller, action: str, details: dict[str, Any]) -> Deed[str]:
    return Deed(who, action, utcnow(), details)
