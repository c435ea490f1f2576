"""What the gateway reads of an order's saga: each service's share of it, which it hands on as it came."""

from typing import Any
from urllib.parse import quote

from pydantic import BaseModel

from gateway.upstreams.client import Calls, Service, path
from services.chassis.errors import NotFound

Json = dict[str, Any]


class Saga(BaseModel):
    """Where a saga is, and the events of its order. `saga` is None when the order has no read model."""

    order_id: str
    saga: Json | None
    events: tuple[Json, ...]


class _Anything(BaseModel, extra="allow"):
    pass


class _Letters(BaseModel):
    items: tuple[Json, ...]


async def saga(calls: Calls, order_id: str) -> Saga:
    """The saga of one order. Raises NotFound."""
    return await calls.read(Service.ORDER, path("sagas", order_id), Saga)


async def payment(calls: Calls, order_id: str) -> Json | None:
    """Its payment, with what is being asked of the provider; None while there is none."""
    return await _share(calls, Service.PAYMENT, order_id)


async def reservation(calls: Calls, order_id: str) -> Json | None:
    """Its reservation; None while there is none."""
    return await _share(calls, Service.INVENTORY, order_id)


async def dead_letters(calls: Calls, order_id: str) -> tuple[Json, ...]:
    """The dead letters about it, the last that died first."""
    query = f"?limit=100&order_id={quote(order_id, safe='', errors='replace')}"
    return (await calls.read(Service.OPERATIONS, f"/dead-letters{query}", _Letters)).items


async def _share(calls: Calls, service: Service, order_id: str) -> Json | None:
    try:
        return (await calls.read(service, path("sagas", order_id), _Anything)).model_dump()
    except NotFound:
        return None
