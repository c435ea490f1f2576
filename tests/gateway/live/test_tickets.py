"""One-use tickets: what opens a stream in a browser."""

import asyncio
import logging
from typing import Any

import pytest
from aiohttp import ClientSession, WSServerHandshakeError
from redis.asyncio import Redis

from gateway.live.tickets import TICKET_SECONDS
from tests.answers import Answer
from tests.follower import LIVE
from tests.gateway.conftest import Gateway
from tests.gateway.services import Services
from tests.instances import Instance
from tests.parts import Corner, eventually
from tests.tokens import Issuer

AT = "2026-01-01T00:00:00Z"


@pytest.fixture(autouse=True)
def _one_order(behind: Services) -> None:
    """One order, o1, and nothing new."""
    entries = [{"sequence": n, "status": s, "at": AT} for n, s in ((1, "CREATED"), (2, "CANCELLED"))]
    behind.answer("order", "GET /orders/o1/timeline", {"order_id": "o1", "timeline": entries})
    behind.answer("order", "GET /orders/changes", {"items": [], "cursor": "c", "more": False})


async def issue(shop: Instance, headers: dict[str, str]) -> str:
    """A fresh ticket."""
    async with shop.http.post(f"{LIVE}/tickets", headers=headers) as response:
        answer = await Answer.of(response)
    assert (answer.status, answer.headers["Cache-Control"]) == (201, "no-store")
    assert answer.body["expires_in"] == TICKET_SECONDS
    return str(answer.body["ticket"])


async def opens(http: ClientSession, ticket: str, headers: dict[str, str] | None = None) -> int:
    """The status of a handshake with this ticket."""
    try:
        async with http.ws_connect(LIVE, params={"ticket": ticket}, headers=headers):
            return 101
    except WSServerHandshakeError as error:
        return error.status


async def test_a_ticket_opens_one_stream_once_on_any_gateway(gateway: Gateway, issuer: Issuer) -> None:
    one, other = await gateway(), await gateway()
    ticket = await issue(one, issuer.bearer("u1"))
    assert await opens(other.http, ticket) == 101
    assert [await opens(shop.http, ticket) for shop in (one, other)] == [401, 401]


async def test_of_many_who_show_it_at_once_one_gets_in(gateway: Gateway, issuer: Issuer) -> None:
    shops = [await gateway(), await gateway()]
    ticket = await issue(shops[0], issuer.bearer("u1"))
    statuses = await asyncio.gather(*(opens(shop.http, ticket) for shop in shops * 10))
    assert sorted(statuses) == [101] + [401] * 19


async def test_a_ticket_expires(here: Corner, shop: Instance, issuer: Issuer) -> None:
    ticket = await issue(shop, issuer.bearer("u1"))
    async with Redis.from_url(here.redis_url) as redis:
        (name,) = await redis.keys(f"{here.name}:live:ticket:*")
        assert 0 < await redis.pttl(name) <= TICKET_SECONDS * 1000
        await redis.pexpire(name, 1)

        async def gone() -> bool:
            return not await redis.exists(name)

        await eventually(gone)
    assert await opens(shop.http, ticket) == 401


async def test_redis_has_neither_the_ticket_nor_the_token(
    here: Corner, shop: Instance, issuer: Issuer
) -> None:
    headers = issuer.bearer("u1")
    ticket = await issue(shop, headers)
    async with Redis.from_url(here.redis_url) as redis:
        (name,) = await redis.keys(f"{here.name}:live:ticket:*")
        kept = str((name, await redis.get(name)))
        assert ticket not in kept
        assert headers["Authorization"].removeprefix("Bearer ") not in kept
        # What somebody else puts there is nobody's token.
        await redis.set(name, b"x" * 100)
    assert await opens(shop.http, ticket) == 401


@pytest.mark.parametrize("ticket", ["", "x", "A" * 65, "A" * 64, "é" * 65, "A" * 5000])
async def test_what_was_never_given_out_opens_nothing(shop: Instance, ticket: str) -> None:
    assert await opens(shop.http, ticket) == 401


async def test_a_ticket_is_no_better_than_the_token_it_was_got_with(
    shop: Instance, issuer: Issuer, behind: Services
) -> None:
    ticket = await issue(shop, issuer.bearer("u1"))
    async with shop.http.get(f"/api/v1/orders/o2/events?ticket={ticket}") as response:
        assert response.status == 404
    asked = behind.heard[-1]
    token = asked.headers["Authorization"].removeprefix("Bearer ")
    assert token.count(".") == 2
    for path in ("/api/v1/orders/o1", "/api/v1/account"):
        ticket = await issue(shop, issuer.bearer("u1"))
        async with shop.http.get(path, params={"ticket": ticket}) as response:
            assert response.status == 401


async def test_a_ticket_beside_a_token_is_one_too_many(shop: Instance, issuer: Issuer) -> None:
    headers = issuer.bearer("u1")
    ticket = await issue(shop, headers)
    assert await opens(shop.http, ticket, headers) == 422
    assert await opens(shop.http, ticket) == 101


async def test_tickets_are_for_those_who_are_signed_in(shop: Instance, issuer: Issuer) -> None:
    async with shop.http.post(f"{LIVE}/tickets") as response:
        assert response.status == 401
    async with shop.http.post(f"{LIVE}/tickets?for=u2", headers=issuer.bearer("u1")) as response:
        assert response.status == 422


async def test_an_event_stream_opens_with_a_ticket_too(shop: Instance, issuer: Issuer) -> None:
    for query, ids in (("", [1, 2]), ("&last_event_id=1", [2])):
        ticket = await issue(shop, issuer.bearer("u1"))
        async with shop.http.get(f"/api/v1/orders/o1/events?ticket={ticket}{query}") as response:
            assert response.status == 200
            text = await response.text()
        assert [int(line[4:]) for line in text.splitlines() if line.startswith("id: ")] == ids
    ticket = await issue(shop, issuer.bearer("u1"))
    url, sent = f"/api/v1/orders/o1/events?ticket={ticket}&last_event_id=0", {"Last-Event-ID": "2"}
    async with shop.http.get(url, headers=sent) as response:
        assert response.status == 204
    async with shop.http.get(url + "x", headers=issuer.bearer("u1")) as response:
        assert response.status == 422


async def test_no_log_line_has_a_ticket(
    shop: Instance, issuer: Issuer, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        ticket = await issue(shop, issuer.bearer("u1"))
        assert await opens(shop.http, ticket) == 101
        assert await opens(shop.http, ticket) == 401
        async with shop.http.get(f"/api/v1/orders/o1/events?ticket={ticket}") as response:
            assert response.status == 401

        def logged() -> list[dict[str, Any]]:
            lines = [record.__dict__ for record in caplog.records if record.name == "portico.access"]
            return [line for line in lines if line["url.path"] == LIVE]

        await eventually(lambda: {line["http.response.status_code"] for line in logged()} == {101, 401})
    # What tests/redis and aiohttp's client say is not ours.
    ours = [
        record
        for record in caplog.records
        if record.name.partition(".")[0] in ("portico", "gateway", "services")
    ]
    assert ours
    assert not any(ticket in str(record.__dict__) for record in ours)


async def test_without_redis_there_are_no_tickets(gateway: Gateway, issuer: Issuer) -> None:
    shop = await gateway(redis_url="redis://127.0.0.1:1/0")
    async with shop.http.post(f"{LIVE}/tickets", headers=issuer.bearer("u1")) as response:
        assert response.status == 503
    assert await opens(shop.http, "A" * 65) == 503
