"""Sagas, across the services that take part in them."""

from dataclasses import asdict
from typing import Any

from aiohttp import web
from pydantic import BaseModel

from gateway.compositions.page import OPTIONAL_SECONDS
from gateway.compositions.saga_page import saga_page
from gateway.upstreams.client import Calls
from services.chassis.http import reply


class SagaPageOut(BaseModel):
    """One saga, whole."""

    order_id: str
    saga: dict[str, Any] | None
    events: tuple[dict[str, Any], ...]
    payment: dict[str, Any] | None
    reservation: dict[str, Any] | None
    dead_letters: tuple[dict[str, Any], ...] | None
    degraded: tuple[str, ...]


async def page(request: web.Request, calls: Calls) -> web.Response:
    """One saga."""
    found = await saga_page(calls, request.app[OPTIONAL_SECONDS], request.match_info["id"])
    return reply(SagaPageOut(**{**asdict(found), **dict(found.saga)}))
