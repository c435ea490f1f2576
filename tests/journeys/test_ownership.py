"""Who gets what: every endpoint, asked by everybody, with things in its path that belong to one customer."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

from gateway.endpoint import Who
from gateway.version import Published
from gateway.versions import PUBLISHED, V1
from tests.journeys.published import DISTINCT
from tests.journeys.shop import ADDRESS, Answer, Json, Shop, User

PREFIX = V1.prefix
OWNED = [one for one in DISTINCT if one.endpoint.who is Who.OWNER]


def name(one: Published) -> str:
    return f"{one.endpoint.method} {one.endpoint.path}"


def whole_name(one: Published) -> str:
    return f"{one.endpoint.method} {one.path}"


@dataclass(frozen=True)
class World:
    """A customer with an order that is confirmed and paid, another one, and the others of the shop."""

    store: Shop
    owner: User
    another: User
    sku: str
    order: Json

    @property
    def everybody(self) -> tuple[User, ...]:
        """In the order of the columns below."""
        return (self.store.anyone, self.another, self.owner, self.store.support, self.store.admin)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What nobody but the owner and the staff may be told."""
        return (self.owner.user_id, self.order["order_id"], self.order["payment"]["payment_id"])


@pytest.fixture(scope="module")
async def world(store: Shop) -> World:
    sku = await store.product(stock=100)
    owner, another = await store.customer(), await store.customer()
    return World(store, owner, another, sku, await owner.ended(await owner.order(sku)))


Thing = Callable[[World], Awaitable[str]]
Body = Callable[[World], Any]


async def nothing(_world: World) -> str:
    """Something that there is none of: then it shows that the door was open."""
    return uuid4().hex


async def order(world: World) -> str:
    return str(world.order["order_id"])


async def new_order(world: World) -> str:
    """Of the same owner, for what can be done only once."""
    return await world.owner.order(world.sku)


async def payment(world: World) -> str:
    return str(world.order["payment"]["payment_id"])


async def sku(world: World) -> str:
    return world.sku


async def new_product(world: World) -> str:
    answer = await world.store.admin.call("POST", f"{PREFIX}/products", article(world))
    return str(answer.body["id"])


async def limits(_world: World) -> str:
    return "limits"


async def new_flag(world: World) -> str:
    name = f"of-a-test-{uuid4().hex[:8]}"
    await world.store.admin.call("PUT", f"{PREFIX}/admin/flags/{name}", {"enabled": True})
    return name


async def sandbox(_world: World) -> str:
    return "sandbox"


def article(_world: World) -> Json:
    return {"name": f"Thing {uuid4().hex}", "price": {"amount": 100, "currency": "USD"}}


def stranger(_world: World) -> Json:
    return {"email": f"{uuid4().hex}@example.test", "password": uuid4().hex}


def wish(world: World) -> Json:
    items = [{"sku": world.sku, "quantity": 1}]
    payment_method = {"provider": "sandbox", "token": "tok_approve"}
    return {"items": items, "shipping_address": ADDRESS, "payment_method": payment_method}


def empty(_world: World) -> None:
    return None


def says(**fields: Any) -> Body:
    return lambda _world: fields


REASON, NOTE = says(reason="asked for"), says(note="of no use")
JUNK = says(refresh_token="junk")
NONE_OF_THEM = says(order_id="none", note="of no use")


@dataclass(frozen=True)
class Row:
    """What comes back to each of everybody; `of` is what the path names, `body` what is sent."""

    statuses: tuple[int, int, int, int, int]
    of: Thing = nothing
    body: Body = empty


# fmt: off
#                                              nobody, another, the owner, support, admin
EXPECTED = {
    "POST /auth/register":                 Row((201, 201, 201, 201, 201), body=stranger),
    "POST /auth/login":                    Row((401, 401, 401, 401, 401), body=stranger),
    "POST /auth/refresh":                  Row((401, 401, 401, 401, 401), body=JUNK),
    "POST /auth/logout":                   Row((204, 204, 204, 204, 204), body=JUNK),

    "GET /home":                           Row((200, 200, 200, 200, 200)),
    "GET /account":                        Row((401, 200, 200, 200, 200)),
    "POST /checkout/preview":              Row((401, 200, 200, 200, 200), body=wish),

    "GET /products":                       Row((200, 200, 200, 200, 200)),
    "GET /products/{id}":                  Row((200, 200, 200, 200, 200), new_product),
    "POST /products":                      Row((401, 403, 403, 403, 201), body=article),
    "PATCH /products/{id}":                Row((401, 403, 403, 403, 200), new_product, says(name="Other")),
    "DELETE /products/{id}":               Row((401, 403, 403, 403, 204), new_product),
    "GET /categories":                     Row((200, 200, 200, 200, 200)),

    "GET /inventory/{sku}":                Row((401, 403, 403, 200, 200), sku),
    "POST /inventory/{sku}/adjustments":   Row((401, 403, 403, 200, 200), sku, says(delta=1, reason="found")),

    "POST /orders":                        Row((401, 202, 202, 202, 202), body=wish),
    "GET /orders":                         Row((401, 200, 200, 200, 200)),
    "GET /orders/{id}":                    Row((401, 404, 200, 200, 200), order),
    "GET /orders/{id}/status":             Row((401, 404, 200, 200, 200), order),
    "GET /orders/{id}/events":             Row((401, 404, 200, 200, 200), order),
    "POST /orders/{id}/cancellation":      Row((401, 404, 202, 202, 202), new_order, REASON),

    "POST /live/tickets":                  Row((401, 201, 201, 201, 201)),
    # No upgrade is asked for: who may open a socket is told that.
    "GET /live":                           Row((401, 400, 400, 400, 400)),

    "POST /payments/webhooks/{provider}":  Row((401, 401, 401, 401, 401), sandbox, says(event_id="forged")),
    "GET /payments/{id}":                  Row((401, 404, 200, 200, 200), payment),

    "GET /admin/dead-letters":             Row((401, 403, 403, 403, 200)),
    "GET /admin/dead-letters/{id}":        Row((401, 403, 403, 403, 404)),
    "POST /admin/dead-letters/{id}/replay":   Row((401, 403, 403, 403, 404)),
    "POST /admin/dead-letters/{id}/discard":  Row((401, 403, 403, 403, 404), body=NOTE),
    "POST /admin/dead-letters/replay":     Row((401, 403, 403, 403, 202), body=says(order_id="none")),
    "POST /admin/dead-letters/discard":    Row((401, 403, 403, 403, 200), body=NONE_OF_THEM),
    "GET /admin/audit":                    Row((401, 403, 403, 403, 200)),

    "GET /admin/config":                   Row((401, 403, 403, 403, 200)),
    "GET /admin/config/{section}":         Row((401, 403, 403, 403, 200), limits),
    "PUT /admin/config/{section}":         Row((401, 403, 403, 403, 200), limits, says(overrides={})),
    "GET /admin/flags":                    Row((401, 403, 403, 403, 200)),
    "GET /admin/flags/{name}":             Row((401, 403, 403, 403, 200), new_flag),
    "PUT /admin/flags/{name}":             Row((401, 403, 403, 403, 200), new_flag, says(enabled=False)),
    "DELETE /admin/flags/{name}":          Row((401, 403, 403, 403, 204), new_flag),

    "GET /admin/keys":                     Row((401, 403, 403, 403, 200)),
    # Its field is unknown: who may begin a rotation is told so without one being begun.
    "POST /admin/keys/rotation":           Row((401, 403, 403, 403, 422), body=says(unknown=1)),

    "GET /admin/sagas":                    Row((401, 403, 403, 403, 200)),
    "GET /admin/sagas/{id}":               Row((401, 403, 403, 403, 200), order),
    "POST /admin/sagas/{id}/resume":       Row((401, 403, 403, 403, 409), order),
    "POST /admin/sagas/{id}/compensation": Row((401, 403, 403, 403, 409), order, REASON),
}
# fmt: on


async def ask(one: Published, user: User, thing: str, body: Any = None) -> Answer:
    placeholder = one.path.partition("{")[2].partition("}")[0]
    path, method = one.path.replace(f"{{{placeholder}}}", thing), one.endpoint.method
    return await user.call(method, path, body, "" if method == "GET" else uuid4().hex)


@pytest.mark.parametrize("one", DISTINCT, ids=whole_name)
async def test_everybody_gets_what_is_theirs(world: World, one: Published) -> None:
    row = EXPECTED[name(one)]
    answers = [await ask(one, user, await row.of(world), row.body(world)) for user in world.everybody]
    assert tuple(answer.status for answer in answers) == row.statuses
    for answer in answers[:2]:
        assert not [secret for secret in world.secrets if secret in json.dumps(answer.body)]


@pytest.mark.parametrize("one", OWNED, ids=whole_name)
async def test_what_is_another_s_looks_like_what_does_not_exist(world: World, one: Published) -> None:
    row = EXPECTED[name(one)]
    theirs = await ask(one, world.another, await row.of(world), row.body(world))
    missing = await ask(one, world.another, await nothing(world), row.body(world))
    for answer in (theirs, missing):
        assert answer.body.pop("trace_id")
    assert (theirs.status, theirs.body) == (missing.status, missing.body)


def test_these_are_the_endpoints_and_what_the_table_of_them_says() -> None:
    assert EXPECTED.keys() == {name(one) for one in PUBLISHED}
    for one in PUBLISHED:
        nobody, another, owner, support, admin = EXPECTED[name(one)].statuses
        match one.endpoint.who:
            case Who.ANYONE:
                assert nobody == another == owner == support == admin
            case Who.USER:
                assert nobody == 401 and another == owner == support == admin not in (401, 403, 404)
            case Who.OWNER:
                assert (nobody, another) == (401, 404) and owner == support == admin < 300
            case Who.STAFF:
                assert (nobody, another, owner) == (401, 403, 403) and support == admin < 300
            case Who.ADMIN:
                assert (nobody, another, owner, support) == (401, 403, 403, 403) and admin not in (401, 403)
