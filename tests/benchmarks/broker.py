"""Who consumes from RabbitMQ."""

import aio_pika
from aiohttp import ClientSession, encode_basic_auth

from scripts.layout import Layout
from scripts.native import rabbitmq
from scripts.platform import load_secrets


async def consumers(layout: Layout) -> int:
    """How many consumers all queues have together."""
    async with await aio_pika.connect(rabbitmq.url(layout, load_secrets(layout))) as connection:
        channel = await connection.channel()
        # Asked one by one: the totals of the management plugin are some seconds old.
        declared = [await channel.declare_queue(name, passive=True) for name in await _queues(layout)]
        return sum(queue.declaration_result.consumer_count or 0 for queue in declared)


async def _queues(layout: Layout) -> list[str]:
    authorization = {"Authorization": encode_basic_auth(rabbitmq.USER, load_secrets(layout).rabbitmq)}
    async with (
        ClientSession(
            layout.url("rabbitmq_management"), headers=authorization, raise_for_status=True
        ) as http,
        http.get("/api/queues") as response,
    ):
        return [queue["name"] for queue in await response.json()]
