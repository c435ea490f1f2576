"""One endpoint like any other: its deadline, its explanation, its caching and its method."""

import asyncio

from discovery.config.resilience import Resilience
from gateway.edge.explain import HEADER
from tests.gateway.conftest import Configure
from tests.gateway.graphql.asking import GRAPHQL, ask, codes
from tests.gateway.services import Services
from tests.instances import Instance
from tests.tokens import Issuer


async def test_the_deadline_is_that_of_what_reads(
    shop: Instance, behind: Services, issuer: Issuer, configure: Configure
) -> None:
    await configure(Resilience, read_seconds=0.5)
    behind.hang("order", "GET /orders")
    async with asyncio.timeout(3):
        answer = await ask(shop, "{ orders { nextCursor } }", headers=issuer.bearer("u1"))
    assert codes(answer) == ["deadline-exceeded"]
    assert int(behind.heard[0].headers["x-envoy-expected-rq-timeout-ms"]) <= 500


async def test_operators_are_told_why(shop: Instance, catalogue: Services, issuer: Issuer) -> None:
    headers = {**issuer.bearer("s", "support"), HEADER: "1"}
    answer = await ask(shop, '{ product(id: "mug") { name } }', headers=headers)
    told = answer.headers[HEADER]
    assert '"route":"POST /graphql"' in told
    assert '"call":"GET /products/mug"' in told


async def test_answers_are_nobody_else_s(shop: Instance, catalogue: Services) -> None:
    for accepted in ("application/json", "application/graphql-response+json"):
        answer = await ask(shop, "{ home { new { slug } } }", headers={"Accept": accepted})
        assert answer.headers["Content-Type"].partition(";")[0] == accepted
        assert answer.headers["Cache-Control"] == "private, no-store"


async def test_one_of_several_operations(shop: Instance, catalogue: Services) -> None:
    document = "query A { categories { name } } query B { __typename }"
    answer = await ask(shop, document, operationName="B", extensions={"clientLibrary": {"name": "any"}})
    assert answer.body["data"] == {"__typename": "Query"}
    assert catalogue.heard == []
    assert (await ask(shop, document)).status == 400


async def test_nothing_but_post(shop: Instance) -> None:
    async with shop.http.get(f"{GRAPHQL}?query={{__typename}}") as response:
        assert (response.status, response.headers["Allow"]) == (405, "POST")
