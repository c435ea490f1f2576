"""Causes that lie in what the platform knows: configuration, messages, stock, keys, orders, and what people do."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, Final
from uuid import uuid4

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage, DeliveryMode
from aiohttp import ClientSession, ClientTimeout

from discovery.consul.client import consul_client
from scripts.native import rabbitmq
from scripts.platform import load_secrets
from services.chassis.clock import utcnow
from services.contracts.product import ProductChanged
from services.contracts.topology import INVENTORY_CATALOGUE
from tests.drills.portico import done
from tests.drills.stage import Stage
from tests.drills.traffic import PLENTY, SKUS
from tests.parts import eventually

MANY: Final = 1_100
_EXAMPLE: Final = "drill-sold-out"
_ANSWER_SECONDS: Final = 10.0


@asynccontextmanager
async def configured(stage: Stage, section: str, assignments: Sequence[str]) -> AsyncIterator[None]:
    """Somebody sets something, and it is reset in the end."""
    await done(stage.layout, f"portico config set {section} {' '.join(assignments)}")
    try:
        yield
    finally:
        await done(stage.layout, f"portico config reset {section}")


@asynccontextmanager
async def written(stage: Stage, key: str, value: bytes) -> AsyncIterator[None]:
    """Somebody writes into Consul by hand. What the page says puts it right."""
    async with consul_client(stage.layout.url("consul")) as consul:
        await consul.kv.put(key, value)
    yield


@asynccontextmanager
async def registered(
    stage: Stage, service: str, id: str, address: str = "127.0.0.1", port: int = 9
) -> AsyncIterator[None]:
    """Somebody registers an instance in Consul; it is taken out again."""
    timeout = ClientTimeout(total=_ANSWER_SECONDS)
    async with ClientSession(stage.layout.url("consul"), timeout=timeout, raise_for_status=True) as consul:
        body = {"Name": service, "ID": id, "Address": address, "Port": port}
        await consul.put("/v1/agent/service/register", json=body)
        try:
            yield
        finally:
            await consul.put(f"/v1/agent/service/deregister/{id}")


@asynccontextmanager
async def poisoned(stage: Stage, queue: str) -> AsyncIterator[None]:
    """A message that nobody understands."""
    async with _channel(stage) as channel:
        message = aio_pika.Message(b"{", message_id=uuid4().hex, type="nobody.knows_this.v1")
        await channel.default_exchange.publish(message, queue)
    yield


@asynccontextmanager
async def discarded(stage: Stage, queue: str) -> AsyncIterator[None]:
    """What died in a queue is discarded in the end: nobody will ever understand it."""
    try:
        yield
    finally:
        await done(stage.layout, f"portico dlq discard --all --yes --queue {queue} --note drill")


@asynccontextmanager
async def flooded(stage: Stage) -> AsyncIterator[None]:
    """An event comes again and again while nobody takes it; taken, it has its effect once."""
    async with _channel(stage) as channel:
        tap = await channel.declare_queue(exclusive=True)
        await tap.bind(ProductChanged.exchange, ProductChanged.kind)
        product = await stage.admin.call("GET", f"/api/v1/products/{SKUS[0]}")
        await stage.admin.call("PATCH", f"/api/v1/products/{product['id']}", {"name": "Drill, renamed"})
        event = await eventually(lambda: tap.get(fail=False, no_ack=True), _ANSWER_SECONDS)
        for _ in range(MANY):
            await channel.default_exchange.publish(_copy(event), INVENTORY_CATALOGUE.name)
    yield


@asynccontextmanager
async def sold_out(stage: Stage) -> AsyncIterator[None]:
    """Of a sku nothing is left; more is ordered, and booked in."""
    await _adjust(stage, 1)
    await _adjust(stage, -1)
    try:
        yield
    finally:
        await _adjust(stage, PLENTY)


async def _adjust(stage: Stage, delta: int) -> None:
    body = {"delta": delta, "reason": "drill"}
    await stage.admin.call("POST", f"/api/v1/inventory/{_EXAMPLE}/adjustments", body, key=uuid4().hex)


@asynccontextmanager
async def nobody_orders(stage: Stage) -> AsyncIterator[None]:
    """People look and do not buy, until they do again."""
    stage.traffic.ordering = False
    try:
        yield
    finally:
        stage.traffic.ordering = True


@asynccontextmanager
async def paid_with(stage: Stage, token: str) -> AsyncIterator[None]:
    """Everybody pays so that the sandbox does what the token says."""
    usual, stage.traffic.token = stage.traffic.token, token
    try:
        yield
    finally:
        stage.traffic.token = usual


@asynccontextmanager
async def aged(stage: Stage, which: dict[str, Any], since: str, age: timedelta) -> AsyncIterator[None]:
    """The signing key has been so for that long. What the page says lets another one follow."""
    keys = stage.database("auth").signing_keys
    found = await eventually(lambda: keys.find_one({**which, "removed_at": None}, sort=[("generation", -1)]))
    await keys.update_one({"_id": found["_id"]}, {"$set": {since: utcnow() - age}})
    yield


@asynccontextmanager
async def on_its_way(stage: Stage) -> AsyncIterator[None]:
    """A new signing key is published, and nobody waits for it."""
    await stage.admin.call("POST", "/api/v2/admin/keys/rotation", {"reason": "drill"}, key=uuid4().hex)
    yield


@asynccontextmanager
async def damaged(stage: Stage) -> AsyncIterator[None]:
    """The read model of an order cannot be read. What the page says mends it."""
    orders = stage.database("order").orders
    found = await eventually(lambda: orders.find_one({"order.wake_at": None}))
    nonsense = {"order.phase": "nonsense", "order.wake_at": utcnow()}
    await orders.update_one({"_id": found["_id"]}, {"$set": nonsense})
    yield


async def stuck_order(stage: Stage) -> str:
    """The id of an order that has turned back and is not through."""
    query = {"order.compensating_since": {"$ne": None}, "order.wake_at": {"$ne": None}}
    found = await eventually(lambda: stage.database("order").orders.find_one(query))
    return str(found["_id"])


async def dead_letter(stage: Stage) -> str:
    """The id of one that waits for a decision."""
    letters = stage.database("operations").dead_letters
    found = await eventually(lambda: letters.find_one(sort=[("_id", 1)]))
    return str(found["_id"])


@asynccontextmanager
async def _channel(stage: Stage) -> AsyncIterator[AbstractChannel]:
    url = rabbitmq.url(stage.layout, load_secrets(stage.layout))
    async with await aio_pika.connect(url, timeout=_ANSWER_SECONDS) as connection:
        yield await connection.channel()


def _copy(message: AbstractIncomingMessage) -> aio_pika.Message:
    return aio_pika.Message(
        message.body,
        headers=message.headers,
        message_id=message.message_id,
        type=message.type,
        correlation_id=message.correlation_id,
        timestamp=message.timestamp,
        delivery_mode=DeliveryMode.PERSISTENT,
    )
