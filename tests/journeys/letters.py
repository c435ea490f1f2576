"""Dead letters that a test makes for itself."""

from typing import Any
from uuid import uuid4

import aio_pika

from scripts.layout import Layout
from scripts.native import rabbitmq
from scripts.platform import load_secrets
from services.contracts.inventory import StockRejected
from tests.journeys.shop import Json, Shop
from tests.parts import eventually


async def poison(layout: Layout, order_id: str) -> str:
    """An answer about an order that its saga cannot read; its message id."""
    message_id = uuid4().hex
    body = b'{"order_id": "%s"}' % order_id.encode()
    async with await aio_pika.connect(rabbitmq.url(layout, load_secrets(layout))) as connection:
        channel = await connection.channel()
        message = aio_pika.Message(body, message_id=message_id, type=StockRejected.kind)
        await channel.default_exchange.publish(message, "order.saga")
    return message_id


async def letter_about(store: Shop, order_id: str, **expected: Any) -> Json:
    """The dead letter about an order, as soon as it is as expected."""

    async def look() -> Json | None:
        page = await store.admin.get(f"/api/v1/admin/dead-letters?order_id={order_id}")
        found: list[Json] = [one for one in page["items"] if expected.items() <= one.items()]
        return found[0] if found else None

    found: Json = await eventually(look)
    return found
