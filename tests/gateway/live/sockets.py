"""The WebSocket, and the real order service behind it, where customers order."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType, WSServerHandshakeError

from services.contracts.inventory import StockReserved
from tests.follower import LIVE
from tests.instances import Instance
from tests.parts import Corner
from tests.services.order.world import ADDRESS
from tests.tokens import Issuer

Told = tuple[str, int]


class Orders:
    """The order service behind the gateways, and customers who order there."""

    def __init__(self, here: Corner, service: Instance, issuer: Issuer) -> None:
        self.service = service
        self._here = here
        self._issuer = issuer

    def headers(self, user: str = "u1", **claims: Any) -> dict[str, str]:
        return self._issuer.bearer(user, **claims)

    async def order(self, user: str = "u1") -> str:
        """Place an order, which becomes CREATED."""
        body = {
            "items": [{"sku": "press", "quantity": 1}],
            "shipping_address": ADDRESS,
            "payment_method": {"provider": "sandbox", "token": "tok_approve"},
        }
        headers = {**self.headers(user), "Idempotency-Key": uuid4().hex}
        async with self.service.http.post("/orders", json=body, headers=headers) as response:
            assert response.status == 202
            return str((await response.json())["order_id"])

    async def reserve(self, order_id: str) -> None:
        """Let it become PENDING."""
        await self._here.say(StockReserved(order_id=order_id))

    async def shopping(self, number: int) -> list[Told]:
        """So many orders one after the other, each of which becomes PENDING some time; what there is to be told."""
        ids = [await self.order() for _ in range(number)]
        await asyncio.gather(*(self.reserve(order_id) for order_id in ids))
        return [(order_id, sequence) for order_id in ids for sequence in (1, 2)]


@asynccontextmanager
async def watching(
    shop: Instance, headers: dict[str, str], cursor: str = "", **options: Any
) -> AsyncIterator[ClientWebSocketResponse]:
    """A socket."""
    parameters = {"cursor": cursor} if cursor else {}
    async with shop.http.ws_connect(LIVE, headers=headers, params=parameters, **options) as socket:
        yield socket


async def message(socket: ClientWebSocketResponse) -> dict[str, Any]:
    """The next message."""
    found: dict[str, Any] = await socket.receive_json(timeout=10)
    return found


async def ready(socket: ClientWebSocketResponse) -> str:
    """The cursor of now."""
    first = await message(socket)
    assert (first["type"], first["data"]) == ("ready", None)
    return str(first["cursor"])


async def closed(socket: ClientWebSocketResponse) -> int | None:
    """With which code the other side closes, whatever it says before."""
    async with asyncio.timeout(10):
        while (await socket.receive()).type not in (WSMsgType.CLOSE, WSMsgType.CLOSED, WSMsgType.ERROR):
            pass
    return socket.close_code


async def refused(shop: Instance, headers: dict[str, str]) -> int:
    """With which status a handshake is refused."""
    with pytest.raises(WSServerHandshakeError) as caught:
        async with watching(shop, headers):
            pass
    return caught.value.status
