"""Nothing that a client is answered is undocumented: every operation is asked at the edges of what its document says.

It comes last, for it leaves products, orders and customers behind.
"""

import asyncio
from itertools import chain, islice
from typing import Final

import orjson
import pytest
from schemathesis import Case

from gateway.endpoint import Who
from gateway.openapi import site
from gateway.v1.endpoints import ENDPOINTS
from scripts.layout import Layout
from tests.journeys.letters import letter_about, poison
from tests.journeys.probing import Operation, Prober, drawn, edges, operations
from tests.journeys.shop import Shop, User

EXAMPLES: Final = 3
REFUSED: Final = 8
OPERATIONS: Final = operations(orjson.loads(site.newest().body))
CALLERS: Final = {endpoint.contract.id: endpoint.who for endpoint in ENDPOINTS}
GUARDED: Final = [name for name in OPERATIONS if CALLERS.get(name, Who.ANYONE) is not Who.ANYONE]
Known = dict[str, dict[str, str]]


@pytest.fixture(scope="session")
async def customer(store: Shop) -> User:
    """Who orders."""
    return await store.customer()


@pytest.fixture(scope="session")
async def sku(store: Shop) -> str:
    """What is ordered."""
    return await store.product(stock=500)


@pytest.fixture(scope="session")
async def known(store: Shop, customer: User, sku: str, layout: Layout) -> Known:
    """Path parameters that lead somewhere, by a part of the path: to what nobody else needs."""
    product_id = (await store.admin.get(f"/api/v1/products/{await store.product(stock=1)}"))["id"]
    order_id = await customer.order(sku, token="tok_decline")
    payment_id = (await customer.ended(order_id))["payment"]["payment_id"]
    await poison(layout, order_id)
    letter_id = (await letter_about(store, order_id, state="dead"))["id"]
    return {
        "/products/{id}": {"id": product_id},
        "/inventory/{sku}": {"sku": sku},
        "/orders/{id}": {"id": order_id},
        "/payments/{id}": {"id": payment_id},
        "/webhooks/{provider}": {"provider": "sandbox"},
        "/dead-letters/{id}": {"id": letter_id},
        "/sagas/{id}": {"id": order_id},
    }


def leading(operation: Operation, known: Known) -> dict[str, str]:
    """The path parameters with which an operation finds something; none where it has none."""
    return next((values for part, values in known.items() if part in operation.path), {})


@pytest.fixture(scope="session")
def callers(store: Shop, customer: User) -> dict[Who, User]:
    """Of those who may call an endpoint, the one who may do least."""
    return {
        Who.ANYONE: store.anyone,
        Who.USER: customer,
        Who.STAFF: store.support,
        Who.ADMIN: store.admin,
    }


def tame(case: Case, sku: str) -> Case:
    """Let it do no harm to others: it touches what this module made, or nothing."""
    allowed = case.meta is not None and case.meta.generation.mode.is_positive
    match case.operation.definition.raw["operationId"], case.body:
        case "replay_dead_letters" | "discard_dead_letters", dict(body):
            body.setdefault("order_id", "of nobody")
        case "place_order", {"items": [dict(first), *_]} if allowed:
            first["sku"] = sku
    return case


async def test_the_document_is_the_one_that_is_asked_about(store: Shop) -> None:
    assert await store.anyone.get("/openapi.json") == orjson.loads(site.newest().body)


@pytest.mark.parametrize("name", OPERATIONS)
async def test_who_may_call_is_answered_as_documented(
    layout: Layout, callers: dict[Who, User], known: Known, sku: str, name: str
) -> None:
    operation, caller = OPERATIONS[name], callers[CALLERS.get(name, Who.ANYONE)]
    there = leading(operation, known)
    cases = chain.from_iterable(
        (*edges(operation, values), *drawn(operation, values, EXAMPLES))
        for values in ([{}, there] if there else [{}])
    )
    prober = Prober(layout.url("edge"), caller.token)
    findings = await asyncio.to_thread(prober.probe, (tame(case, sku) for case in cases))
    assert not findings, "\n\n".join(findings)


@pytest.mark.parametrize("name", GUARDED)
async def test_who_may_not_is_refused_as_documented(
    layout: Layout, customer: User, known: Known, name: str
) -> None:
    tokens = ("",) if CALLERS[name] is Who.USER else ("", customer.token)
    for token in tokens:
        cases = islice(edges(OPERATIONS[name], leading(OPERATIONS[name], known)), REFUSED)
        findings = await asyncio.to_thread(Prober(layout.url("edge"), token).probe, cases)
        assert not findings, "\n\n".join(findings)
