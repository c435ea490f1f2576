"""A shop on the running platform: what customers and staff do, with nothing but an HTTP client."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from aiohttp import ClientSession, ClientTimeout

from tests.parts import eventually

Json = dict[str, Any]
ADDRESS = {
    "full_name": "Ada Lovelace",
    "phone": "+4712345678",
    "street": "1 Main St",
    "city": "Oslo",
    "state": "Oslo",
    "country": "NO",
    "postal_code": "0150",
}
FINAL = ("CONFIRMED", "CANCELLED")


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: Any


@dataclass
class Event:
    """One server-sent event."""

    id: str = ""
    event: str = ""
    data: Json = field(default_factory=dict)


@dataclass(frozen=True)
class User:
    """Somebody with a token, or nobody."""

    http: ClientSession
    token: str = ""
    user_id: str = ""

    def headers(self, **more: str) -> dict[str, str]:
        return {**({"Authorization": f"Bearer {self.token}"} if self.token else {}), **more}

    async def call(self, method: str, path: str, body: Any = None, key: str = "", **headers: str) -> Answer:
        """One request; `key` is its Idempotency-Key."""
        sent = self.headers(**headers, **({"Idempotency-Key": key} if key else {}))
        async with self.http.request(method, path, json=body, headers=sent) as response:
            text = await response.text()
            parsed = json.loads(text) if response.content_type.endswith("json") else text
            return Answer(
                response.status, {name.lower(): value for name, value in response.headers.items()}, parsed
            )

    async def get(self, path: str) -> Any:
        """The body of a GET that must succeed."""
        answer = await self.call("GET", path)
        assert answer.status == 200, answer
        return answer.body

    async def place(self, sku: str, quantity: int = 1, token: str = "tok_approve", key: str = "") -> Answer:
        """Order so many of one sku."""
        body = {
            "items": [{"sku": sku, "quantity": quantity}],
            "shipping_address": ADDRESS,
            "payment_method": {"provider": "sandbox", "token": token},
        }
        return await self.call("POST", "/api/v1/orders", body, key or uuid4().hex)

    async def place_as(self, sku: str, correlation_id: str) -> Answer:
        """Order one of a sku under a correlation id of one's own."""
        body = {
            "items": [{"sku": sku, "quantity": 1}],
            "shipping_address": ADDRESS,
            "payment_method": {"provider": "sandbox", "token": "tok_approve"},
        }
        sent = {"x-correlation-id": correlation_id}
        return await self.call("POST", "/api/v1/orders", body, uuid4().hex, **sent)

    async def order(self, sku: str, quantity: int = 1, token: str = "tok_approve") -> str:
        """Order so many of one sku; the order's id."""
        answer = await self.place(sku, quantity, token)
        assert answer.status == 202, answer
        return str(answer.body["order_id"])

    async def orders(self, limit: int = 100) -> list[str]:
        """The ids of all their orders, newest first, read page by page."""
        seen: list[str] = []
        cursor: str | None = ""
        while cursor is not None:
            page = await self.get(f"/api/v1/orders?limit={limit}{cursor and f'&cursor={cursor}'}")
            seen += [order["order_id"] for order in page["items"]]
            cursor = page["next_cursor"]
        return seen

    async def follow(self, order_id: str, last_event_id: str = "", query: str = "") -> list[Event]:
        """Every event of an order until the stream ends."""
        headers = self.headers(**({"Last-Event-ID": last_event_id} if last_event_id else {}))
        async with self.http.get(f"/api/v1/orders/{order_id}/events{query}", headers=headers) as response:
            assert response.status == 200, await response.text()
            return [event async for event in events(response.content)]

    async def ended(self, order_id: str) -> Json:
        """The order once it is CONFIRMED or CANCELLED."""
        await self.follow(order_id)
        order: Json = await self.get(f"/api/v1/orders/{order_id}")
        assert order["status"] in FINAL, order
        return order


async def events(content: Any) -> AsyncIterator[Event]:
    """Parse a stream of server-sent events."""
    event = Event()
    async for raw in content:
        line = raw.decode().rstrip("\n")
        name, _, value = line.partition(": ")
        match name:
            case "id" | "event":
                setattr(event, name, value)
            case "data":
                event.data = json.loads(value)
            case "" if event.data:
                yield event
                event = Event()


@dataclass(frozen=True)
class Shop:
    """The platform's door, and those who may do more than buy."""

    http: ClientSession
    admin: User
    support: User

    @property
    def anyone(self) -> User:
        return User(self.http)

    async def customer(self) -> User:
        """A customer who has just registered."""
        login = {"email": f"{uuid4().hex}@example.test", "password": uuid4().hex}
        answer = await self.anyone.call("POST", "/api/v1/auth/register", login)
        assert answer.status == 201, answer
        return await log_in(self.http, login, answer.body["user_id"])

    async def product(self, stock: int, price: int = 1999, **fields: Any) -> str:
        """A fresh product with so much stock, orderable; its sku."""
        slug = f"thing-{uuid4().hex[:10]}"
        body = {
            "slug": slug,
            "name": f"Thing {slug}",
            "price": {"amount": price, "currency": "USD"},
            **fields,
        }
        answer = await self.admin.call("POST", "/api/v1/products", body)
        assert answer.status == 201, answer
        sku = str(answer.body["variants"][0]["sku"])
        adjustment = {"delta": stock, "reason": "initial stock"}
        answer = await self.admin.call(
            "POST", f"/api/v1/inventory/{sku}/adjustments", adjustment, uuid4().hex
        )
        assert answer.status == 200, answer
        await self._orderable(sku)
        return sku

    async def _orderable(self, sku: str) -> None:
        """An empty-handed order is refused for its sku until the order service has heard of it."""

        async def known() -> bool:
            return (await self.admin.place(sku, 1000)).status == 202

        await eventually(known)

    async def stock(self, sku: str) -> Json:
        """The truth about one sku."""
        found: Json = await self.support.get(f"/api/v1/inventory/{sku}")
        return found


async def log_in(http: ClientSession, login: Json, user_id: str = "") -> User:
    """Somebody who exists."""
    answer = await User(http).call("POST", "/api/v1/auth/login", login)
    assert answer.status == 200, answer
    return User(http, answer.body["access_token"], user_id)


@asynccontextmanager
async def shop(url: str, admin: Json, support: Json) -> AsyncIterator[Shop]:
    """The shop behind the edge at `url`."""
    async with ClientSession(url, timeout=ClientTimeout(total=60)) as http:
        yield Shop(http, await log_in(http, admin), await log_in(http, support))
