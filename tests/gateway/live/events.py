"""The stream of one order, behind which the order service says what a test wants."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import takewhile
from typing import Any, get_args

from aiohttp import ClientResponse

from services.chassis.envelope import new_id
from services.contracts.order import OrderStatus, OrderStatusChanged
from tests.gateway.services import Services
from tests.instances import Instance
from tests.parts import Corner
from tests.tokens import Issuer

LIFE: tuple[OrderStatus, ...] = tuple(takewhile("CANCELLED".__ne__, get_args(OrderStatus)))
NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Order:
    """The order service's word on one order, and on the bus."""

    def __init__(self, behind: Services, here: Corner, issuer: Issuer) -> None:
        self.id = new_id()
        self._behind = behind
        self._here = here
        self.headers = issuer.bearer("u1")

    def reach(self, sequence: int) -> None:
        """The history goes up to this status."""
        entries = [
            {"sequence": number + 1, "status": status, "at": NOW.isoformat()}
            for number, status in enumerate(LIFE[:sequence])
        ]
        timeline = {"order_id": self.id, "reason": None, "timeline": entries}
        self._behind.answer("order", f"GET /orders/{self.id}/timeline", timeline)

    async def say(self, sequence: int) -> None:
        """Tell the bus that the order entered a status."""
        changed = OrderStatusChanged(
            order_id=self.id, user_id="u1", status=LIFE[sequence - 1], sequence=sequence, at=NOW
        )
        await self._here.say(changed, times=2)

    @property
    def reads(self) -> int:
        """How often the history was read."""
        return len(self._behind.asked("order"))

    @asynccontextmanager
    async def watched(self, shop: Instance, query: str = "", **headers: str) -> AsyncIterator[ClientResponse]:
        """The stream of the order."""
        sent = {**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        async with shop.http.get(f"/api/v1/orders/{self.id}/events{query}", headers=sent) as response:
            yield response


async def next_event(stream: ClientResponse) -> dict[str, Any]:
    """The next event, as its fields; comments are passed over."""
    event: dict[str, Any] = {}
    async with asyncio.timeout(8):
        async for raw in stream.content:
            name, _, value = raw.decode().rstrip("\n").partition(": ")
            if name in ("event", "id", "data"):
                event[name] = json.loads(value) if name == "data" else value
            elif not name and not value and event:
                return event
    return event


async def rest(stream: ClientResponse) -> list[str]:
    """The ids of all events until the stream ends."""
    ids = []
    while event := await next_event(stream):
        ids.append(event["id"])
    return ids
