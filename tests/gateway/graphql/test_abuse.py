"""What somebody might send to make a gateway work for nothing: refused, named, and at once."""

import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from gateway.graphql.limits import BOUNDS
from tests.answers import Answer
from tests.gateway.graphql.asking import GRAPHQL, ask, codes
from tests.gateway.services import Services
from tests.instances import Instance
from tests.tokens import Issuer

SECONDS = 0.5
"""Of this process, which is the gateway too: so much any of it may take, and most of it takes milliseconds."""
TRIES = 3
"""One of them may have to collect the garbage of all tests before."""


def many(count: int, text: str) -> str:
    return " ".join(text.format(n) for n in range(count))


DOCUMENTS = {
    "no document": (" ", "malformed"),
    "no GraphQL": ("{ products(", "malformed"),
    "comments only": ("#" * (BOUNDS.characters - 1), "malformed"),
    "no such field": ("{ produkts { name } }", "invalid"),
    "a subscription": ("subscription { orders }", "invalid"),
    "deep fields": ("{" + "a{" * 400 + "a" + "}" * 401, "too-deep"),
    "deep categories": ("{ categories " + "{ children " * 12 + "{ name }" + "}" * 13, "too-deep"),
    "deep lists": ("{ products(q: " + "[" * 600 + "]" * 600 + ") { nextCursor } }", "too-deep"),
    "tokens": ("{" + many(2000, "a{}") + "}", "too-many-tokens"),
    "aliases": ("{" + many(50, "a{}: categories {{ name }}") + "}", "too-many-aliases"),
    "duplicates": ("{" + "__typename " * 1400 + "}", "too-many-fields"),
    "duplicates in a fragment": (
        "{ ...A } fragment A on Query {" + "__typename " * 1400 + "}",
        "too-many-fields",
    ),
    "duplicates in a fragment of no use": (
        "{ __typename } fragment A on Query {" + "__typename " * 1400 + "}",
        "too-many-fields",
    ),
    "fragments in fragments": (
        "{ ...A0 } "
        + "".join(f"fragment A{n} on Query {{ ...A{n + 1} ...A{n + 1} }} " for n in range(25))
        + "fragment A25 on Query { categories { name } }",
        "too-many-fields",
    ),
    "a fragment in itself": ("{ ...A } fragment A on Query { ...A }", "fragment-cycle"),
    "fragments in a circle": (
        "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
        "fragment-cycle",
    ),
    "a circle through a field": (
        "{ categories { ...A } } fragment A on Category { children { ...A } }",
        "fragment-cycle",
    ),
    "definitions": (many(40, "query A{} {{ __typename }}"), "too-many-definitions"),
    "directives": ("{ categories { name " + "@skip(if: false) " * 50 + "} }", "too-many-directives"),
    "unknown directives": ("{ categories { name " + "@a " * 15 + "} }", "invalid"),
    "the same directive": ("{ categories { name @skip(if: true) @skip(if: false) } }", "invalid"),
    "root fields": ("{" + many(15, 'a{}: product(id: "x") {{ name }}') + "}", "too-many-root-fields"),
    "a long list": ("{ products(limit: 100000) { items { name } } }", "too-costly"),
    "lists of lists": (
        "{ orders(limit: 100) { items { timeline { at } items { product { name price { amount } } } } } }",
        "too-costly",
    ),
    "many lists": (
        "{" + many(9, "a{}: products(limit: 100) {{ items {{ id slug name brand image category }} }}") + "}",
        "too-costly",
    ),
    "an object for a text": ("{ product(id: {ne: 1}) { name } }", "invalid"),
    "a text for a number": ('{ products(limit: "5") { nextCursor } }', "invalid"),
    "a number beyond 32 bits": ("{ products(limit: 99999999999) { nextCursor } }", "invalid"),
    "a price below nothing": ("{ products(minPrice: -1) { nextCursor } }", "invalid"),
    "an enumeration that is none": ("{ products(sort: RANDOM) { nextCursor } }", "invalid"),
    "null where there must be something": ("{ product(id: null) { name } }", "invalid"),
    "the same argument": ("{ products(" + 'q: "a" ' * 300 + ") { nextCursor } }", "invalid"),
    "two things of one name": ('{ a: product(id: "x") { name } a: product(id: "y") { name } }', "invalid"),
    "introspection": ("{ __schema { types { name } } }", "introspection-off"),
    "unused variables": ("query(" + many(300, "$a{}: Int") + ") { categories { name } }", "invalid"),
}


async def cheap(attack: Callable[[], Awaitable[Answer]]) -> Answer:
    """The answer to an attack that costs little."""
    took: list[float] = []
    while min(took, default=SECONDS) >= SECONDS and len(took) < TRIES:
        started = time.process_time()
        answer = await attack()
        took.append(time.process_time() - started)
    assert min(took) < SECONDS
    return answer


async def timed(shop: Instance, document: str, **more: Any) -> Answer:
    return await cheap(lambda: ask(shop, document, **more))


@pytest.mark.parametrize(("document", "code"), DOCUMENTS.values(), ids=DOCUMENTS.keys())
async def test_a_document_that_is_refused(shop: Instance, behind: Services, document: str, code: str) -> None:
    answer = await timed(shop, document)
    assert (answer.status, codes(answer)[0]) == (400, code)
    assert "data" not in answer.body
    assert len(answer.body["errors"]) <= 5
    for error in answer.body["errors"]:
        assert len(error["message"]) <= 300
        assert error["extensions"]["trace_id"]
    assert behind.heard == []


async def test_staff_cannot_introspect_without_end(shop: Instance, issuer: Issuer) -> None:
    document = "{ __schema { types " + "{ fields { type " * 5 + "{ name }" + "} }" * 5 + "} }"
    answer = await timed(shop, document, headers=issuer.bearer("s", "admin"))
    assert (answer.status, codes(answer)) == (400, ["invalid"])


async def test_the_document_is_not_told_what_there_is_instead(shop: Instance) -> None:
    answer = await ask(shop, '{ product(id: "x") { nam } }')
    assert "Did you mean" not in answer.body["errors"][0]["message"]


@pytest.mark.parametrize(
    "variables",
    [
        {"id": {"$ne": None}},
        {"id": ["a"]},
        {"id": True},
        {"id": 1.5},
        {"id": None},
        {},
        {"id": {"a": "b" * 100_000}},
        {"id": [[[[["x"] * 10] * 10] * 2]]},
    ],
)
async def test_variables_of_another_type(shop: Instance, behind: Services, variables: dict[str, Any]) -> None:
    answer = await timed(shop, "query ($id: ID!) { product(id: $id) { name } }", variables=variables)
    assert (answer.status, codes(answer), behind.heard) == (400, ["invalid"], [])
    assert len(answer.body["errors"][0]["message"]) <= 300


@pytest.mark.parametrize("lines", [400, 9000])
async def test_an_order_of_thousands_of_lines(
    shop: Instance, behind: Services, issuer: Issuer, lines: int
) -> None:
    document = "query ($items: [ItemInput!]!) { checkoutPreview(items: $items) { notices { code } } }"
    items = [{"sku": "x", "quantity": 1}] * lines
    answer = await timed(shop, document, variables={"items": items}, headers=issuer.bearer("u1"))
    assert (answer.status, codes(answer), behind.heard) == (400, ["too-many-values"], [])


async def test_as_many_lines_as_there_may_be_are_the_order_service_s_to_refuse(
    shop: Instance, behind: Services, issuer: Issuer
) -> None:
    behind.refuse("order", "POST /orders/preview", 422, "invalid")
    document = "query ($items: [ItemInput!]!) { checkoutPreview(items: $items) { notices { code } } }"
    items = [{"sku": "x", "quantity": 1}] * 300
    answer = await timed(shop, document, variables={"items": items}, headers=issuer.bearer("u1"))
    assert (codes(answer), len(behind.heard)) == (["invalid"], 1)


@pytest.mark.parametrize(
    "text", ["../../admin/config", "a/b?c=d#e", "'; drop", "{$gt: ''}", "\x00", "é", "..", "%2e%2e"]
)
async def test_what_is_looked_for_stays_in_its_place(shop: Instance, behind: Services, text: str) -> None:
    document = "query ($id: ID!, $q: String!) { product(id: $id) { name } products(q: $q) { nextCursor } }"
    answer = await ask(shop, document, {"id": text, "q": text})
    assert set(codes(answer)) == {"not-found"}
    for heard in behind.heard:
        path, _, query = heard.target.partition("?")
        assert path == "/products" or (path.startswith("/products/") and path.count("/") == 2), heard.target
        assert query.count("&") <= 1


BODIES: dict[str, tuple[bytes, int, str]] = {
    "nothing": (b"", 400, "malformed"),
    "no JSON": (b"{", 400, "malformed"),
    "no UTF-8": (b'{"query": "\xff\xfe"}', 400, "malformed"),
    "half a character": (b'{"query": "\\ud800"}', 400, "malformed"),
    "JSON without end": (b"[" * 100_000, 400, "malformed"),
    "several operations": (json.dumps([{"query": "{ __typename }"}] * 3).encode(), 422, "invalid"),
    "a text": (b'"{ __typename }"', 422, "invalid"),
    "no query": (b"{}", 422, "invalid"),
    "no text": (b'{"query": 1}', 422, "invalid"),
    "an empty query": (b'{"query": ""}', 422, "invalid"),
    "a long query": (json.dumps({"query": "#" * (BOUNDS.characters + 1)}).encode(), 422, "invalid"),
    "a list of variables": (b'{"query": "{ __typename }", "variables": []}', 422, "invalid"),
    "a name that is none": (b'{"query": "{ __typename }", "operationName": {}}', 422, "invalid"),
    "an unknown field": (b'{"query": "{ __typename }", "id": 1}', 422, "invalid"),
    "a large body": (b'{"query": "' + b" " * 300_000 + b'"}', 413, "too-large"),
}


@pytest.mark.parametrize(("body", "status", "slug"), BODIES.values(), ids=BODIES.keys())
async def test_a_body_that_is_none(shop: Instance, body: bytes, status: int, slug: str) -> None:
    async def attack() -> Answer:
        headers = {"Content-Type": "application/json"}
        async with shop.http.post(GRAPHQL, data=body, headers=headers) as response:
            return await Answer.of(response)

    answer = await cheap(attack)
    assert (answer.status, answer.slug) == (status, slug)
    assert answer.headers["Content-Type"].startswith("application/problem+json")


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "multipart/form-data; boundary=x"},
        {"Content-Type": "application/graphql"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
    ],
)
async def test_a_body_of_another_kind(shop: Instance, headers: dict[str, str]) -> None:
    async with shop.http.post(GRAPHQL, data=b'{"query": "{ __typename }"}', headers=headers) as response:
        answer = await Answer.of(response)
    assert (answer.status, answer.slug) == (415, "unsupported-media-type")


async def test_nothing_beside_the_body_is_taken(shop: Instance) -> None:
    async with shop.http.post(
        f"{GRAPHQL}?query={{__typename}}", json={"query": "{ __typename }"}
    ) as response:
        answer = await Answer.of(response)
    assert (answer.status, answer.fields) == (422, ["query"])


async def test_there_is_no_operation_of_that_name(shop: Instance) -> None:
    answer = await ask(shop, "query A { __typename }", operationName="B")
    assert (answer.status, codes(answer)) == (400, ["no-such-operation"])
