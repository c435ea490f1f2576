"""Rate limits over all gateways together, counted in a real Redis."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from aiohttp import ClientResponse
from prometheus_client import REGISTRY
from redis.asyncio import Redis

from discovery.config.limits import Limit, Limits
from gateway.edge.counters import Counters
from gateway.edge.rules import Charge, Rule
from gateway.redis.store import Store
from services.chassis.envelope import new_id
from tests.faults.proxy import proxied
from tests.gateway.conftest import Configure, Gateway
from tests.gateway.limiting import DAY, a_day, at, fresh_address
from tests.gateway.services import Services
from tests.instances import Instance
from tests.parts import Corner, eventually
from tests.tokens import Issuer

CATEGORIES = "/api/v1/categories"
LOGIN = "/api/v1/auth/login"
TOLD = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "RateLimit-Policy")


async def status(shop: Instance, path: str, headers: dict[str, str], method: str = "GET") -> int:
    async with shop.http.request(method, path, headers=headers) as response:
        return response.status


async def admitted(
    shop: Instance, times: int, path: str, headers: dict[str, str], method: str = "GET"
) -> int:
    """How many of so many requests, one after the other, are not denied."""
    answers = [await status(shop, path, headers, method) for _ in range(times)]
    return sum(answer != 429 for answer in answers)


def told(response: ClientResponse) -> tuple[str | None, ...]:
    return tuple(response.headers.get(name) for name in TOLD)


def counted(metric: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(metric, labels) or 0.0


@pytest.fixture
async def redis(here: Corner) -> AsyncIterator[Redis]:
    async with Redis.from_url(here.redis_url, decode_responses=True) as client:
        yield client


@pytest.fixture
async def limited(gateway: Gateway, behind: Services) -> Instance:
    """A gateway whose limits are taken at their word, with something behind it."""
    behind.answer("product", "GET /categories", {"items": []})
    return await gateway(rate_limit_scale=1.0)


async def test_every_answer_says_what_is_left_and_a_denial_when_to_come_back(
    limited: Instance, configure: Configure
) -> None:
    await configure(Limits, address={"requests": 3, "seconds": 3600.0})
    headers = at()
    before = counted("portico_rate_limit_total", limit="address", outcome="denied")
    for left in (2, 1, 0):
        async with limited.http.get(CATEGORIES, headers=headers) as response:
            assert (response.status, told(response)) == (
                200,
                ("3", str(left), str(1200 * (3 - left)), "3;w=3600"),
            )
    async with limited.http.get(CATEGORIES, headers=headers) as response:
        assert (response.status, response.content_type) == (429, "application/problem+json")
        assert told(response) == ("3", "0", "1200", "3;w=3600")
        assert response.headers["Retry-After"] == "1200"
        problem = await response.json()
    assert problem["type"] == "urn:portico:problem:too-many-requests"
    assert problem["detail"] == "more than 3 requests in 3600 s for this address"
    assert counted("portico_rate_limit_total", limit="address", outcome="denied") == before + 1
    assert await status(limited, CATEGORIES, at()) == 200


async def test_refusals_say_it_too(limited: Instance, issuer: Issuer) -> None:
    for method, path, expected in (
        ("GET", "/api/v1/nothing", 404),
        ("GET", "/api/v1/orders", 401),
        ("DELETE", "/api/v1/orders", 405),
        ("POST", "/api/v1/orders", 400),
    ):
        headers = at(**(issuer.bearer(new_id()) if expected == 400 else {}))
        async with limited.http.request(method, path, headers=headers) as response:
            assert response.status == expected
            assert None not in told(response)


async def test_a_user_is_one_whatever_the_address(
    limited: Instance, configure: Configure, issuer: Issuer
) -> None:
    await configure(Limits, user=a_day(3), staff=a_day(5))
    for role, requests in (("customer", 3), ("support", 5), ("admin", 5)):
        bearer = issuer.bearer(new_id(), role)
        assert [await status(limited, CATEGORIES, at(**bearer)) for _ in range(requests + 1)] == [
            *[200] * requests,
            429,
        ]
    assert await status(limited, CATEGORIES, at(**issuer.bearer(new_id()))) == 200


async def test_a_route_is_limited_by_address_and_once_signed_in_by_user(
    limited: Instance, configure: Configure, issuer: Issuer
) -> None:
    await configure(Limits, routes={"GET /orders/{id}": a_day(2), "POST /auth/login": a_day(2)})
    headers = at()
    assert await admitted(limited, 3, LOGIN, headers, "POST") == 2
    assert await status(limited, LOGIN, at(), "POST") != 429
    assert await status(limited, CATEGORIES, headers) == 200
    bearer = issuer.bearer(new_id())
    assert [await status(limited, f"/api/v1/orders/{n}", at(**bearer)) for n in range(3)] == [404, 404, 429]
    assert await status(limited, "/api/v1/orders/1/status", at(**bearer)) == 404


async def test_who_is_denied_by_one_limit_is_charged_by_none(
    limited: Instance, configure: Configure, issuer: Issuer
) -> None:
    await configure(Limits, address=a_day(10), user=a_day(2))
    headers = at()
    assert await admitted(limited, 8, CATEGORIES, headers | issuer.bearer(new_id())) == 2
    async with limited.http.get(CATEGORIES, headers=headers) as response:
        assert told(response)[:2] == ("10", "7")


async def test_two_gateways_never_admit_more_than_one_would(
    gateway: Gateway, limited: Instance, configure: Configure, issuer: Issuer
) -> None:
    other = await gateway(rate_limit_scale=1.0)
    await configure(Limits, user=a_day(50), address=a_day(100))
    bearer, address = issuer.bearer(new_id()), fresh_address()
    answers = await asyncio.gather(
        *(status(shop, CATEGORIES, at(address, **bearer)) for _ in range(100) for shop in (limited, other))
    )
    assert Counter(answers) == {200: 50, 429: 150}
    answers = await asyncio.gather(
        *(status(shop, CATEGORIES, at(address)) for _ in range(100) for shop in (limited, other))
    )
    assert Counter(answers) == {200: 50, 429: 150}


async def test_what_is_owed_runs_off(limited: Instance, configure: Configure) -> None:
    await configure(Limits, address={"requests": 2, "seconds": 4.0})
    headers, loop = at(), asyncio.get_running_loop()
    assert await admitted(limited, 3, CATEGORIES, headers) == 2
    started = loop.time()

    async def again() -> bool:
        return await status(limited, CATEGORIES, headers) == 200

    await eventually(again)
    assert 0.3 < loop.time() - started < 4


async def test_what_is_paid_off_is_forgotten(limited: Instance, redis: Redis) -> None:
    prefix = f"2001:db8:{uuid4().int & 0xFFFF:x}"
    answers = await asyncio.gather(
        *(status(limited, CATEGORIES, at(f"{prefix}:{number:x}::1")) for number in range(200))
    )
    assert set(answers) == {200}

    async def kept() -> list[str]:
        return [key async for key in redis.scan_iter(f"*{{limits}}:*{prefix}:*", count=1000)]

    async def forgotten() -> bool:
        return await kept() == []

    await eventually(forgotten, seconds=2)
    await status(limited, LOGIN, at(f"{prefix}:1::1"), "POST")
    (key,) = [key for key in await kept() if "login" in key]
    assert key.endswith(f"{{limits}}:POST /auth/login:address:{prefix}:1::/64")
    login = Limits().routes["POST /auth/login"]
    assert 0 < await redis.pttl(key) <= 1000 * login.seconds / login.requests


async def test_what_is_the_platform_s_own_is_not_limited(limited: Instance, configure: Configure) -> None:
    await configure(Limits, address=a_day(1))
    headers = at()
    assert await admitted(limited, 2, CATEGORIES, headers) == 1
    for path in ("/livez", "/servingz", "/health", "/metrics"):
        async with limited.http.get(path, headers=headers) as response:
            assert (response.status, told(response)) == (200, (None,) * 4)


@pytest.mark.parametrize("address", ["", "nobody", "1.2.3.4, 5.6.7.8", "user:x", "x" * 8000])
async def test_without_an_address_that_can_be_read_the_peer_s_counts(
    limited: Instance, configure: Configure, redis: Redis, address: str
) -> None:
    await configure(Limits, address=a_day(1000))
    for left in ("999", "998"):
        async with limited.http.get(CATEGORIES, headers={"x-envoy-external-address": address}) as response:
            assert told(response)[1] == left
    async with limited.http.get(CATEGORIES, headers={"x-forwarded-for": fresh_address()}) as response:
        assert told(response)[1] == "997"


async def test_a_changed_limit_holds_at_once(limited: Instance, configure: Configure) -> None:
    headers = at()
    await configure(Limits, address=a_day(1))
    assert await admitted(limited, 2, CATEGORIES, headers) == 1
    await configure(Limits, address={"requests": 6000, "seconds": 0.6})
    assert await admitted(limited, 5, CATEGORIES, headers) == 4
    await configure(Limits, address=a_day(2))
    assert await admitted(limited, 5, CATEGORIES, headers) == 1
    await configure(Limits, enabled=False)
    async with limited.http.get(CATEGORIES, headers=headers) as response:
        assert (response.status, told(response)) == (200, (None,) * 4)


async def test_an_invalid_limit_leaves_the_old_one_in_force(
    here: Corner, limited: Instance, configure: Configure
) -> None:
    await configure(Limits, address=a_day(2))
    assert counted("portico_config_valid", what="limits") == 1
    await here.store("config/limits", b'{"address": {"requests": -1}}')
    await eventually(lambda: counted("portico_config_valid", what="limits") == 0)
    assert await admitted(limited, 3, CATEGORIES, at()) == 2


async def test_redis_may_forget_the_script(limited: Instance, configure: Configure, redis: Redis) -> None:
    await configure(Limits, address=a_day(3))
    headers = at()
    assert await admitted(limited, 2, CATEGORIES, headers) == 2
    await redis.script_flush()
    assert await admitted(limited, 2, CATEGORIES, headers) == 1


async def test_without_redis_everybody_is_admitted_and_counted_for_that(
    gateway: Gateway, configure: Configure, behind: Services
) -> None:
    behind.answer("product", "GET /categories", {"items": []})
    shop = await gateway(rate_limit_scale=1.0, redis_url="redis://127.0.0.1:1/0")
    await configure(Limits, address=a_day(1))
    headers, before = at(), counted("portico_rate_limit_unavailable_total")
    for _ in range(20):
        async with shop.http.get(CATEGORIES, headers=headers) as response:
            assert (response.status, told(response)) == (200, (None,) * 4)
    assert counted("portico_rate_limit_unavailable_total") == before + 20
    assert counted("portico_breaker_state", upstream="redis") == 2


async def test_a_redis_that_does_not_answer_is_hardly_waited_for(
    here: Corner, gateway: Gateway, configure: Configure, behind: Services
) -> None:
    behind.answer("product", "GET /categories", {"items": []})
    loop = asyncio.get_running_loop()
    async with proxied(here.layout.port("redis")) as (proxy, port):
        unreliable = f"redis://127.0.0.1:{port}/0"
        shop = await gateway(rate_limit_scale=1.0, redis_url=unreliable, store_seconds=0.5)
        await configure(Limits, address=a_day(1))
        headers = at()
        assert await admitted(shop, 2, CATEGORIES, headers) == 1
        proxy.half_open()
        started = loop.time()
        assert await admitted(shop, 100, CATEGORIES, headers) == 100
        # Waited for each time, it would take 50 s.
        assert loop.time() - started < 10
        proxy.heal()

        async def counting_again() -> bool:
            return await status(shop, CATEGORIES, headers) == 429

        await eventually(counting_again)
        await eventually(lambda: counted("portico_breaker_state", upstream="redis") == 0)


@pytest.mark.parametrize("seed", range(5))
async def test_together_or_one_by_one_each_is_charged_to_all_its_limits_or_to_none(
    redis: Redis, seed: int
) -> None:
    """What Redis counts, against a few lines of Python that count the same."""
    chance, run = random.Random(seed), uuid4().hex
    rules = [
        Rule.of("address", "", Limit(requests=30, seconds=DAY), 1.0),
        Rule.of("user", "", Limit(requests=17, seconds=DAY), 1.0),
        Rule.of("route", "", Limit(requests=5, seconds=DAY), 1.0),
    ]
    requests = [
        [Charge(rule, f"{run}:{rule.name}:{chance.randrange(4)}") for rule in rules[: chance.randint(1, 3)]]
        for _ in range(400)
    ]
    used: Counter[str] = Counter()
    expected = []
    for charges in requests:
        fits = all(used[charge.key] < charge.rule.requests for charge in charges)
        used.update(charge.key for charge in charges if fits)
        left = min(charge.rule.requests - used[charge.key] for charge in charges)
        expected.append((fits, left if fits else 0))
    counters = Counters(Store(redis, 5.0), "")
    async with counters.running():
        verdicts = [await counters.charge(charges) for charges in requests[:50]]
        verdicts += await asyncio.gather(*(counters.charge(charges) for charges in requests[50:]))
    assert [(verdict.admitted, verdict.rule.remaining(verdict.debt)) for verdict in verdicts] == expected
    await redis.delete(*used)
