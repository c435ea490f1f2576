"""The sample catalogue is fit for the catalogue, and the client understands the platform's answers."""

import json
from collections import Counter

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from scripts.demo import CATALOGUE
from scripts.storefront import Event, Refused, Storefront
from services.product.schemas import ProductIn

STREAM = (
    b": welcome\n\n"
    b'event: order.status\nid: 1\ndata: {"order_id": "o", "status": "CREATED", "at": "t1", "reason": null}\n\n'
    b'event: order.status\nid: 2\ndata: {"order_id": "o", "status": "CANCELLED", "at": "t2",'
    b' "reason": "out_of_stock"}\n\n'
)


def test_the_sample_catalogue_holds_products_the_service_takes() -> None:
    entries = json.loads(CATALOGUE.read_text())
    products = [ProductIn.model_validate(entry["product"]) for entry in entries]
    assert len(products) == 24
    skus = Counter(sku for entry in entries for sku in entry["stock"])
    assert max(skus.values()) == 1
    for product, entry in zip(products, entries, strict=True):
        assert set(entry["stock"]) == {v.sku for v in product.variants} or set(entry["stock"]) == {
            product.slug
        }


async def test_reads_an_order_as_it_happens() -> None:
    async def events(_: web.Request) -> web.Response:
        return web.Response(body=STREAM, content_type="text/event-stream")

    app = web.Application()
    app.router.add_get("/events", events)
    async with TestServer(app) as server, Storefront(str(server.make_url("/"))) as storefront:
        seen = [event async for event in storefront.events("/events")]
    assert seen == [Event("CREATED", "t1", None), Event("CANCELLED", "t2", "out_of_stock")]


async def test_waits_when_told_to_and_says_why_it_was_refused() -> None:
    answers = iter(
        [
            web.Response(status=429, headers={"Retry-After": "0"}),
            web.json_response({"id": "p"}),
            web.json_response(
                {"detail": "slug is taken"}, status=409, content_type="application/problem+json"
            ),
        ]
    )

    async def answer(_: web.Request) -> web.Response:
        return next(answers)

    app = web.Application()
    app.router.add_post("/api/v1/products", answer)
    async with TestServer(app) as server, Storefront(str(server.make_url("/"))) as storefront:
        assert await storefront.call("POST", "/api/v1/products", {}) == {"id": "p"}
        with pytest.raises(Refused, match="409 slug is taken"):
            await storefront.call("POST", "/api/v1/products", {})
