"""The WebSocket of everything that is somebody's: over the real order service, RabbitMQ and Redis, on several gateways.

Nothing is missed and nothing comes twice, whoever is killed, restarted or away meanwhile.
"""

import asyncio
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path

from aiohttp import ClientSession
from redis.asyncio import Redis

from discovery.config.resilience import Resilience
from gateway.settings import Settings
from services.chassis.clock import utcnow
from tests.follower import following
from tests.gateway.conftest import Configure, Gateway
from tests.gateway.live.conftest import live
from tests.gateway.live.sockets import Orders, message, ready, refused, watching
from tests.gateway.services import Services
from tests.parts import Corner, eventually
from tests.processes import instances
from tests.tokens import Issuer


async def test_an_order_s_life_on_a_socket(gateway: Gateway, orders: Orders) -> None:
    shop = await live(await gateway())
    async with watching(shop, {**orders.headers(), "X-Correlation-Id": "mine"}) as socket:
        assert socket._response.headers["x-correlation-id"] == "mine"
        cursor = await ready(socket)
        order_id = await orders.order()
        created = await message(socket)
        at = created["data"].pop("at")
        assert datetime.fromisoformat(at) <= utcnow()
        assert created["type"] == "order.status"
        assert created["data"] == {"order_id": order_id, "status": "CREATED", "sequence": 1, "reason": None}
        await orders.order("somebody else")
        await orders.reserve(order_id)
        pending = await message(socket)
        assert (pending["data"]["status"], pending["data"]["sequence"]) == ("PENDING", 2)
    for behind, sequences in ((cursor, [1, 2]), (created["cursor"], [2]), (pending["cursor"], [])):
        async with watching(shop, orders.headers(), behind) as socket:
            told = [(await message(socket))["data"] for _ in sequences]
            assert [one["sequence"] for one in told] == sequences
            await ready(socket)


async def test_two_sockets_of_one_user_on_two_gateways_see_the_same(gateway: Gateway, orders: Orders) -> None:
    one, other = await live(await gateway()), await live(await gateway())
    async with AsyncExitStack() as stack:
        followers = [
            await stack.enter_async_context(following([shop.http], orders.headers))
            for shop in (one, other, one)
        ]
        told = await orders.shopping(5)
        seen = [await follower.sees(len(told)) for follower in followers]
    assert seen[0] == seen[1] == seen[2]
    assert sorted(seen[0]) == sorted(told)


async def test_gateways_are_killed_and_restarted_and_nothing_is_missed_or_comes_twice(
    here: Corner, behind: Services, orders: Orders, issuer: Issuer, tmp_path: Path
) -> None:
    await here.store("jwks", issuer.jwks)
    ports = [here.layout.port("xds") + number for number in (1, 2)]
    async with AsyncExitStack() as stack:
        gateways = [
            await stack.enter_async_context(
                instances(
                    here.settings(Settings, egress_url=behind.url, port=port),
                    1,
                    tmp_path / f"{port}",
                    "gateway",
                )
            )
            for port in ports
        ]
        clients = [
            await stack.enter_async_context(ClientSession(f"http://127.0.0.1:{port}")) for port in ports
        ]
        follower = await stack.enter_async_context(following(clients, orders.headers))
        told = await orders.shopping(5)
        shopping = asyncio.create_task(orders.shopping(40))
        for supervisor in gateways:
            # It is where it is killed: at the first gateway, then at the second.
            sent_away = len(follower.codes)
            supervisor.kill("gateway-1")
            await eventually(lambda: len(follower.codes) > sent_away and follower.ready)  # noqa: B023
            await supervisor.ready("gateway-1")
        told += await shopping
        seen = list(await follower.sees(len(told)))
        told += await orders.shopping(1)
        seen = await follower.sees(len(told))
    assert sorted(seen) == sorted(told)
    by_order = {order_id: [n for id_, n in seen if id_ == order_id] for order_id, _ in told}
    assert all(sequences == [1, 2] for sequences in by_order.values())
    assert set(follower.codes) == {1006}


async def test_redis_is_lost_and_nothing_is_missed_or_comes_twice(
    here: Corner, gateway: Gateway, orders: Orders
) -> None:
    shops = [await live(await gateway()) for _ in range(2)]
    async with (
        following([shop.http for shop in shops], orders.headers) as follower,
        Redis.from_url(here.redis_url) as redis,
    ):
        shopping = asyncio.create_task(orders.shopping(30))
        for number in (5, 20):
            await follower.sees(number)
            await redis.client_kill_filter(_type="pubsub")
        told = await shopping
        seen = await follower.sees(len(told))
        told += await orders.shopping(1)
        assert sorted(await follower.sees(len(told))) == sorted(told)
    assert len(seen) == len(set(seen))


async def test_without_redis_it_looks_by_itself(gateway: Gateway, orders: Orders) -> None:
    shop = await gateway(redis_url="redis://127.0.0.1:1/0", stream_poll_seconds=0.05)
    async with watching(shop, orders.headers()) as socket:
        await ready(socket)
        order_id = await orders.order()
        assert (await message(socket))["data"]["order_id"] == order_id


async def test_what_cannot_be_read_now_is_read_later(
    gateway: Gateway, configure: Configure, behind: Services, orders: Orders
) -> None:
    await configure(Resilience, breaker_failures=99)
    shop = await live(await gateway(stream_poll_seconds=0.05))
    async with watching(shop, orders.headers()) as socket:
        await ready(socket)
        behind.refuse("order", "GET /orders/changes", 503, "busy")
        told = await orders.shopping(2)
        reads = len(behind.asked("order"))
        await eventually(lambda: len(behind.asked("order")) > reads + 2)
        del behind.answers["order", "GET", "/orders/changes"]
        seen = [(await message(socket))["data"] for _ in told]
        assert sorted((one["order_id"], one["sequence"]) for one in seen) == sorted(told)


async def test_a_draining_gateway_sends_its_clients_to_another(gateway: Gateway, orders: Orders) -> None:
    one, other = await live(await gateway()), await live(await gateway())
    async with following([one.http, other.http], orders.headers) as follower:
        told = await orders.shopping(2)
        await follower.sees(len(told))
        await one.app.shutdown()
        await eventually(lambda: follower.codes == [1012] and follower.ready)
        told += await orders.shopping(2)
        assert sorted(await follower.sees(len(told))) == sorted(told)
    assert await refused(one, orders.headers()) == 503
