"""Live streams of orders: history and news, over real RabbitMQ and Redis."""

from redis.asyncio import Redis

from discovery.config.resilience import Resilience
from gateway.live.feed import order_channel
from services.chassis.health import READINESS
from services.contracts.topology import GATEWAY_LIVE
from tests.gateway.conftest import Configure, Gateway, consuming
from tests.gateway.live.conftest import live
from tests.gateway.live.events import Order, next_event, rest
from tests.gateway.services import Services
from tests.parts import Corner, eventually


async def test_an_order_s_life_from_history_and_news(gateway: Gateway, order: Order) -> None:
    shop = await live(await gateway())
    order.reach(2)
    async with order.watched(shop, x_correlation_id="mine") as stream:
        assert (stream.status, stream.content_type) == (200, "text/event-stream")
        assert stream.headers["x-correlation-id"] == "mine"
        assert stream.headers["traceparent"]
        assert (await next_event(stream))["id"] == "1"
        assert (await next_event(stream))["id"] == "2"
        await order.say(3)
        assert await next_event(stream) == {
            "event": "order.status",
            "id": "3",
            "data": {
                "order_id": order.id,
                "status": "PAID",
                "sequence": 3,
                "at": "2026-01-01T00:00:00Z",
                "reason": None,
            },
        }
        assert order.reads == 1
        await order.say(4)
        assert await rest(stream) == ["4"]


async def test_news_reaches_every_replica(gateway: Gateway, order: Order) -> None:
    first, second = await live(await gateway()), await live(await gateway())
    order.reach(3)
    async with order.watched(first) as one, order.watched(second) as other:
        for stream in (one, other):
            assert [(await next_event(stream))["id"] for _ in range(3)] == ["1", "2", "3"]
        await order.say(4)
        assert await rest(one) == await rest(other) == ["4"]


async def test_news_behind_a_gap_brings_the_history(gateway: Gateway, order: Order) -> None:
    shop = await live(await gateway())
    order.reach(1)
    async with order.watched(shop) as stream:
        assert (await next_event(stream))["id"] == "1"
        order.reach(4)
        await order.say(4)
        assert await rest(stream) == ["2", "3", "4"]


async def test_a_stream_resumes_and_does_not_outlive_its_order(gateway: Gateway, order: Order) -> None:
    shop = await gateway()
    order.reach(5)
    async with order.watched(shop, Last_Event_ID="2") as stream:
        assert await rest(stream) == ["3", "4"]
    for seen in ("4", "5", "99"):
        async with order.watched(shop, Last_Event_ID=seen) as stream:
            assert (stream.status, await stream.read()) == (204, b"")


async def test_following_goes_on_to_the_door(gateway: Gateway, order: Order) -> None:
    shop = await gateway()
    order.reach(7)
    async with order.watched(shop, "?follow=true") as stream:
        assert await rest(stream) == [str(number) for number in range(1, 8)]
    async with order.watched(shop, "?follow=true", Last_Event_ID="7") as stream:
        assert stream.status == 204


async def test_when_redis_was_lost_the_history_is_read_again(
    here: Corner, gateway: Gateway, order: Order
) -> None:
    shop = await live(await gateway())
    order.reach(1)
    async with order.watched(shop) as stream, Redis.from_url(here.redis_url) as redis:
        assert (await next_event(stream))["id"] == "1"
        order.reach(3)
        await redis.client_kill_filter(_type="pubsub")
        assert (await next_event(stream))["id"] == "2"
        assert (await next_event(stream))["id"] == "3"
        await live(shop)
        reads = order.reads
        await order.say(4)
        assert await rest(stream) == ["4"]
        assert order.reads == reads


async def test_without_redis_the_history_is_read_again_and_again(gateway: Gateway, order: Order) -> None:
    shop = await gateway(redis_url="redis://127.0.0.1:1/0", stream_poll_seconds=0.05)
    order.reach(1)
    async with order.watched(shop) as stream:
        assert (await next_event(stream))["id"] == "1"
        order.reach(4)
        assert await rest(stream) == ["2", "3", "4"]


async def test_a_heartbeat_finds_what_publishing_forgot(gateway: Gateway, order: Order) -> None:
    shop = await live(await gateway(stream_heartbeat_seconds=0.1))
    order.reach(1)
    async with order.watched(shop) as stream:
        assert (await next_event(stream))["id"] == "1"
        assert (await stream.content.readline()).startswith(b":")
        order.reach(4)
        assert await rest(stream) == ["2", "3", "4"]


async def test_junk_on_a_channel_is_survived(here: Corner, gateway: Gateway, order: Order) -> None:
    shop = await live(await gateway())
    order.reach(3)
    async with order.watched(shop) as stream, Redis.from_url(here.redis_url) as redis:
        assert [(await next_event(stream))["id"] for _ in range(3)] == ["1", "2", "3"]
        await redis.publish(order_channel(order.id), b"junk")
        await order.say(4)
        assert await rest(stream) == ["4"]


async def test_a_history_that_cannot_be_read_now_is_read_later(
    gateway: Gateway, configure: Configure, behind: Services, order: Order
) -> None:
    await configure(Resilience, breaker_failures=99)
    shop = await gateway(redis_url="redis://127.0.0.1:1/0", stream_poll_seconds=0.05)
    order.reach(1)
    async with order.watched(shop) as stream:
        assert (await next_event(stream))["id"] == "1"
        behind.refuse("order", f"GET /orders/{order.id}/timeline", 503, "busy")
        reads = order.reads
        await eventually(lambda: order.reads > reads + 2)
        order.reach(4)
        assert await rest(stream) == ["2", "3", "4"]


async def test_news_is_dropped_and_not_kept_when_redis_is_missing(
    here: Corner, gateway: Gateway, order: Order
) -> None:
    shop = await gateway(redis_url="redis://127.0.0.1:1/0")
    await consuming(shop)
    await order.say(1)

    async def empty() -> bool:
        return await here.depth(GATEWAY_LIVE.name) == 0

    await eventually(empty)
    letters = await here.dead_letters("gateway")
    assert letters.waiting == 0


async def test_a_gateway_serves_without_rabbitmq(gateway: Gateway, behind: Services) -> None:
    shop = await gateway(amqp_url="amqp://guest:guest@127.0.0.1:1/")
    behind.answer("product", "GET /categories", {"items": []})
    async with shop.http.get("/api/v1/categories") as response:
        assert response.status == 200
    await shop.app[READINESS].refresh()
    assert shop.app[READINESS].ready
    assert not shop.app[READINESS].report()["checks"]["rabbitmq"]["ok"]
