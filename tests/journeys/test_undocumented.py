"""Nothing that a client is answered is undocumented: every operation is asked at the edges of what its document says.

It comes last, for it leaves products, orders and customers behind.
"""

import asyncio
from collections.abc import Iterator
from itertools import islice
from typing import Final

import orjson
import pytest

from gateway.endpoint import IDEMPOTENCY_KEY, Who
from gateway.openapi import site
from gateway.version import Version
from gateway.versions import V1, VERSIONS
from scripts.layout import Layout
from scripts.platform import load_secrets
from services.chassis.envelope import new_id
from tests.journeys.letters import letter_about, poison
from tests.journeys.probing import Bearer, Case, Operation, Prober, Signer, drawn, edges, operations
from tests.journeys.published import DISTINCT
from tests.journeys.shop import Shop, User

EXAMPLES: Final = 5
SOME: Final = 8


def asked_about() -> Iterator[tuple[str, Operation]]:
    """Every operation once: of a newer version those that an older one has not, too."""
    distinct = {f"{one.version.name} {one.endpoint.contract.id}" for one in DISTINCT}
    for version in VERSIONS:
        for id, operation in operations(orjson.loads(site.described(version).body)).items():
            name = f"{version.name} {id}"
            if version is V1 or name in distinct:
                yield name, operation


OPERATIONS: Final = dict(asked_about())
CALLERS: Final = {f"{one.version.name} {one.endpoint.contract.id}": one.endpoint.who for one in DISTINCT}
GUARDED: Final = [name for name in OPERATIONS if CALLERS.get(name, Who.ANYONE) is not Who.ANYONE]
REFUSED: Final = {
    *("v1 refresh", "v1 cancel_order", "v1 resume_saga", "v1 compensate_saga", "v1 payment_webhook"),
    "v1 watch_everything",
}
"""What is not allowed whatever is asked: the token is spent, the order has ended, the signature is missing, and nobody
asks for a WebSocket."""

Known = dict[str, dict[str, str]]


@pytest.fixture(scope="module")
async def customer(store: Shop) -> User:
    """Who orders."""
    return await store.customer()


@pytest.fixture(scope="module")
async def sku(store: Shop) -> str:
    """What is ordered."""
    return await store.product(stock=500)


@pytest.fixture(scope="module")
async def known(store: Shop, customer: User, sku: str, layout: Layout) -> Known:
    """Path parameters that lead somewhere, by a part of the path: to what nobody else needs."""
    product_id = (await store.admin.get(f"/api/v1/products/{await store.product(stock=1)}"))["id"]
    order_id = await customer.order(sku, token="tok_decline")
    payment_id = (await customer.ended(order_id))["payment"]["payment_id"]
    await poison(layout, order_id)
    letter_id = (await letter_about(store, order_id, state="dead"))["id"]
    assert (await store.admin.call("PUT", "/api/v1/admin/flags/of-nobody", {})).status == 200
    return {
        "/products/{id}": {"id": product_id},
        "/inventory/{sku}": {"sku": sku},
        "/orders/{id}": {"id": order_id},
        "/payments/{id}": {"id": payment_id},
        "/webhooks/{provider}": {"provider": "sandbox"},
        "/dead-letters/{id}": {"id": letter_id},
        "/sagas/{id}": {"id": order_id},
        "/config/{section}": {"section": "caching"},
        "/flags/{name}": {"name": "of-nobody"},
    }


def leading(operation: Operation, known: Known) -> dict[str, str]:
    """The path parameters with which an operation finds something; none where it has none."""
    return next((values for part, values in known.items() if part in operation.path), {})


@pytest.fixture(scope="module")
def callers(store: Shop, customer: User) -> dict[Who, Bearer]:
    """Of those who may call an endpoint, the one who may do least."""
    least = {
        Who.ANYONE: store.anyone,
        Who.USER: customer,
        Who.OWNER: customer,
        Who.STAFF: store.support,
        Who.ADMIN: store.admin,
    }
    return {who: Bearer(user.token) for who, user in least.items()}


def tame(case: Case, sku: str | None = None) -> Case:
    """Let it touch what this module made, or nothing, and be refused for nothing that was asked before.

    It orders `sku`, where there is one.
    """
    allowed = case.meta is not None and case.meta.generation.mode.is_positive
    if allowed and IDEMPOTENCY_KEY in case.headers:
        case.headers[IDEMPOTENCY_KEY] = new_id()
    match case.operation.definition.raw["operationId"], case.body:
        case "replay_dead_letters" | "discard_dead_letters", dict(body):
            body.setdefault("order_id", "of nobody")
        case "place_order" | "preview_checkout", {"items": [dict(first), *_] as items} if allowed and sku:
            items[:] = [{**first, "sku": sku}]
        case "configure", dict(body) if allowed:
            body["overrides"] = {}
        case "set_flag" | "remove_flag", _ if allowed:
            case.path_parameters["name"] = "of-nobody"
        case "rotate_signing_keys", dict(body) if allowed:
            body["revoke"] = False
    return case


def everything(operation: Operation, known: Known, sku: str) -> Iterator[Case]:
    """All that an operation is asked: about what is there, and some of it about what is not."""
    if there := leading(operation, known):
        yield from map(tame, islice(edges(operation, {}), SOME))
        yield from map(tame, drawn(operation, {}, EXAMPLES))
    yield from map(tame, edges(operation, there))
    yield from (tame(case, sku) for case in drawn(operation, there, EXAMPLES))


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.name)
async def test_the_document_is_the_one_that_is_asked_about(store: Shop, version: Version) -> None:
    document = orjson.loads(site.described(version).body)
    assert await store.anyone.get(f"{version.prefix}/openapi.json") == document
    assert (await store.anyone.get("/openapi.json") == document) == (version is V1)


async def test_the_page_that_shows_it_keeps_its_own_policy_at_the_edge(store: Shop) -> None:
    for path in ("/docs", "/docs/"):
        answer = await store.anyone.call("GET", path)
        assert (answer.status, answer.headers["x-content-type-options"]) == (200, "nosniff")
        assert "script-src 'self'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("name", OPERATIONS)
async def test_who_may_call_is_answered_as_documented(
    layout: Layout, callers: dict[Who, Bearer], known: Known, sku: str, name: str
) -> None:
    prober = Prober(layout.url("edge"), callers[CALLERS.get(name, Who.ANYONE)])
    findings = await asyncio.to_thread(prober.probe, everything(OPERATIONS[name], known, sku))
    assert not findings, "\n\n".join(findings)
    assert any(status < 300 for status in prober.statuses) == (name not in REFUSED), prober.statuses


async def test_so_is_the_payment_provider(layout: Layout, known: Known, sku: str) -> None:
    prober = Prober(layout.url("edge"), Signer(load_secrets(layout).sandbox_webhook))
    cases = everything(OPERATIONS["v1 payment_webhook"], known, sku)
    findings = await asyncio.to_thread(prober.probe, cases)
    assert not findings, "\n\n".join(findings)
    assert 200 in prober.statuses


@pytest.mark.parametrize("name", GUARDED)
async def test_who_may_not_is_refused_as_documented(
    layout: Layout, customer: User, known: Known, name: str
) -> None:
    operation = OPERATIONS[name]
    for token in ("",) if CALLERS[name] in (Who.USER, Who.OWNER) else ("", customer.token):
        cases = islice(edges(operation, leading(operation, known)), SOME)
        prober = Prober(layout.url("edge"), Bearer(token))
        findings = await asyncio.to_thread(prober.probe, cases)
        assert not findings, "\n\n".join(findings)
        assert min(prober.statuses) >= 400
