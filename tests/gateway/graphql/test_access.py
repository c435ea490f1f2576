"""Who may ask GraphQL for what: whoever may ask REST, under the same flags and limits."""

import asyncio
from typing import Any

import pytest

from discovery.config.limits import Limits
from discovery.config.resilience import Resilience
from gateway.endpoint import Endpoint, Who
from gateway.graphql.schema import ROUTES
from gateway.v1.endpoints import ENDPOINTS
from tests.gateway.conftest import Configure, Gateway
from tests.gateway.graphql.asking import PLACE, WISH, ask, codes, data
from tests.gateway.limiting import a_day, at
from tests.gateway.services import Services, Slow
from tests.instances import Instance
from tests.parts import Corner, eventually
from tests.tokens import Issuer

FIELDS = {
    "home": "home { new { slug } }",
    "product": 'product(id: "x") { name }',
    "products": "products { nextCursor }",
    "categories": "categories { name }",
    "account": "account { email }",
    "order": 'order(id: "x") { status }',
    "orders": "orders { nextCursor }",
    "checkoutPreview": 'checkoutPreview(items: [{sku: "x", quantity: 1}]) { notices { code } }',
    "stock": 'stock(sku: "x") { quantity }',
    "cancelOrder": 'cancelOrder(id: "x", reason: "y", idempotencyKey: "z") { status }',
    "placeOrder": """placeOrder(
        items: [], idempotencyKey: "z", paymentMethod: {provider: "x", token: "y"},
        shippingAddress: {fullName: "x", street: "x", city: "x", country: "x", postalCode: "x"}
    ) { status }""",
}
BY_ROUTE = {f"{endpoint.method} {endpoint.path}": endpoint for endpoint in ENDPOINTS}
ROOTS = [
    pytest.param(kind, field, BY_ROUTE[route], id=field)
    for kind, routes in ROUTES.items()
    for field, route in routes.items()
]


def test_every_root_field_is_asked_here() -> None:
    assert FIELDS.keys() == {field for routes in ROUTES.values() for field in routes}


@pytest.mark.parametrize(("kind", "field", "endpoint"), ROOTS)
async def test_whom_rest_keeps_out_is_kept_out(
    shop: Instance, behind: Services, issuer: Issuer, kind: str, field: str, endpoint: Endpoint
) -> None:
    document = f"{kind} {{ {FIELDS[field]} }}"
    kept_out = {
        Who.ANYONE: (None, None, None),
        Who.USER: ("unauthenticated", None, None),
        Who.OWNER: ("unauthenticated", None, None),
        Who.STAFF: ("unauthenticated", "forbidden", None),
    }[endpoint.who]
    everybody: tuple[dict[str, str], ...] = ({}, issuer.bearer("u1"), issuer.bearer("s", "support"))
    for headers, code in zip(everybody, kept_out, strict=True):
        behind.heard.clear()
        answer = await ask(shop, document, headers=headers)
        # There is nothing behind this gateway: who is let in finds nothing.
        assert codes(answer) == [code or "not-found"], headers
        assert bool(behind.heard) is (code is None)


async def test_a_bad_token_is_refused_whatever_is_asked(shop: Instance) -> None:
    answer = await ask(shop, "{ __typename }", headers={"Authorization": "Bearer nonsense"})
    assert (answer.status, answer.slug) == (401, "unauthenticated")


async def test_what_is_switched_off_in_rest_is_switched_off_here(
    shop: Instance, behind: Services, here: Corner
) -> None:
    behind.answer("product", "GET /categories", {"items": []})
    await data(shop, "{ categories { name } }")
    await here.store("flags/endpoint-list-categories", b'{"enabled": false}')

    async def off() -> bool:
        answer = await ask(shop, "{ categories { name } }")
        return "errors" in answer.body and codes(answer) == ["switched-off"]

    await eventually(off)


async def limited(gateway: Gateway, configure: Configure, **limits: Any) -> Instance:
    shop = await gateway(rate_limit_scale=1.0)
    await configure(Limits, **limits)
    return shop


async def test_each_thing_at_the_root_counts_as_a_request(
    gateway: Gateway, behind: Services, configure: Configure
) -> None:
    behind.answer("product", "GET /categories", {"items": []})
    shop = await limited(gateway, configure, address=a_day(7))
    headers = at()
    three = "{ a: categories { name } b: categories { name } c: categories { name } }"
    answer = await ask(shop, three, headers=headers)
    assert (answer.status, answer.headers["RateLimit-Remaining"]) == (200, "4")
    await data(shop, "{ categories { name } }", headers=headers)
    await data(shop, three, headers=headers)
    answer = await ask(shop, "{ __typename }", headers=headers)
    assert (answer.status, answer.slug) == (429, "too-many-requests")


async def test_what_is_too_much_at_once_is_not_done_in_part(
    gateway: Gateway, behind: Services, configure: Configure, issuer: Issuer
) -> None:
    shop = await limited(gateway, configure, routes={"POST /orders": a_day(2)})
    behind.answer("order", "POST /orders", {"order_id": "o9", "status": "CREATED"}, 202)
    headers = at(**issuer.bearer("u1"))
    three = PLACE.replace("placeOrder", "a: placeOrder", 1)
    one = three[three.index("a: ") : three.rindex("}")]
    three = three.replace(one, "".join(one.replace("a:", f"{name}:") for name in "abc"))
    answer = await ask(shop, three, {**WISH, "key": "k"}, headers)
    assert (answer.status, answer.slug, behind.heard) == (429, "too-many-requests", [])
    assert int(answer.headers["Retry-After"]) > 0
    for _ in range(2):
        await data(shop, PLACE, {**WISH, "key": "k"}, headers)
    answer = await ask(shop, PLACE, {**WISH, "key": "k"}, headers)
    assert (answer.status, len(behind.heard)) == (429, 2)
    rest = {**headers, "Idempotency-Key": "k"}
    async with shop.http.post("/api/v1/orders", json={}, headers=rest) as response:
        assert response.status == 429


async def test_the_schema_is_told_to_staff_and_to_everybody_where_that_is_wanted(
    gateway: Gateway, issuer: Issuer
) -> None:
    shop, open_shop = await gateway(), await gateway(graphql_introspection=True)
    document = "{ __schema { queryType { name } } }"
    for headers in ({}, issuer.bearer("u1")):
        answer = await ask(shop, document, headers=headers)
        assert (answer.status, codes(answer)) == (400, ["introspection-off"])
        await data(open_shop, document, headers=headers)
    for role in ("support", "admin"):
        await data(shop, document, headers=issuer.bearer("s", role))
    answer = await ask(shop, 'query A { ...T } fragment T on Query { __type(name: "Query") { name } }')
    assert codes(answer) == ["introspection-off"]


async def test_strangers_get_the_share_of_those_who_look(
    shop: Instance, behind: Services, configure: Configure, issuer: Issuer
) -> None:
    await configure(Resilience, lag_seconds=60.0, in_flight=2)
    slow, document = Slow(), "{ categories { name } }"
    behind.handle("product", "GET /categories", slow)
    first = asyncio.create_task(ask(shop, document))
    await eventually(lambda: slow.waiting == 1)
    turned_away = await ask(shop, document)
    assert (turned_away.status, turned_away.slug) == (503, "overloaded")
    await data(shop, "{ __typename }", headers=issuer.bearer("u1"))
    slow.released.set()
    assert (await first).status == 200
