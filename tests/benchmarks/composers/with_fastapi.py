"""The pages composed by FastAPI and httpx: one pool of kept connections, all that can be asked at once asked at once.

Documents are read and written by orjson as they are, without models between, which is the fastest that FastAPI does.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import asynccontextmanager
from typing import Annotated, Any, TypeVar

import httpx
import orjson
from fastapi import Depends, FastAPI, HTTPException, Request, Response

T = TypeVar("T")
Document = dict[str, Any]

PATIENCE, OPTIONAL_PATIENCE = 5.0, 1.5
# With more of them httpx is slower, because it looks at every one for each request.
FEW = httpx.Limits(max_connections=20, max_keepalive_connections=20)

CARD = ("id", "slug", "name", "price", "compare_at_price", "brand", "category", "image")
PRODUCT = (
    *CARD,
    "description",
    "tags",
    "images",
    "seo",
    "status",
    "published_at",
    "created_at",
    "updated_at",
)
VARIANT = ("sku", "attributes", "price")
PRICED = ("items", "subtotal", "discount", "shipping", "total")
ORDER = (
    *("order_id", "reason", "timeline", "status", "shipping_address", "created_at", "updated_at"),
    *PRICED,
)
PAYMENT = ("payment_id", "order_id", "status", "amount", "captured", "refunded")


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[dict[str, Any]]:
    """The pool, which every request finds in its state."""
    async with httpx.AsyncClient(base_url=os.environ["UPSTREAM_URL"], limits=FEW, timeout=None) as client:
        yield {"client": client}


app = FastAPI(lifespan=lifespan, openapi_url=None)


async def pool(request: Request) -> httpx.AsyncClient:
    """The pool of a request."""
    client: httpx.AsyncClient = request.state.client
    return client


Pool = Annotated[httpx.AsyncClient, Depends(pool)]


class Refused(Exception):
    """A service said no."""

    def __init__(self, status: int) -> None:
        self.status = status


@app.get("/api/v1/products/{id}")
async def product_page(id: str, client: Pool) -> Response:
    """Required: the product. Optional: its stock, and related ones."""
    product = await required(ask(client, f"/products/{id}"))
    skus = [variant["sku"] for variant in product["variants"]]
    degraded: list[str] = []
    levels, related = await asyncio.gather(
        optional("stock", ask(client, f"/stock?skus={','.join(skus)}"), degraded),
        optional("related", ask(client, f"/products/{product['id']}/related"), degraded),
    )
    stock = levels and {level["sku"]: level["available"] for level in levels["items"]}
    page = picked(product, PRODUCT)
    page["variants"] = [
        {**picked(variant, VARIANT), "available": available(stock, [variant["sku"]])}
        for variant in product["variants"]
    ]
    page["available"] = available(stock, skus)
    page["reviews"] = page["rating"] = None
    page["related"] = related and [{**picked(other, CARD), "rating": None} for other in related["items"]]
    page["degraded"] = sorted(degraded)
    return json(page)


@app.get("/api/v1/orders/{id}")
async def order_page(id: str, client: Pool) -> Response:
    """Required: the order. Optional: its payment."""
    degraded: list[str] = []
    order, payments = await asyncio.gather(
        required(ask(client, f"/orders/{id}")),
        optional("payment", ask(client, f"/payments?order_ids={id}"), degraded),
    )
    found = [payment for payment in payments["items"] if payment["order_id"] == id] if payments else []
    page = picked(order, ORDER)
    page["payment"] = picked(found[0], PAYMENT) if found else None
    page["shipment"] = None
    page["degraded"] = degraded
    return json(page)


async def ask(client: httpx.AsyncClient, target: str) -> Document:
    """The document that a service answers with. Raises Refused."""
    response = await client.get(target)
    if response.status_code != 200:
        raise Refused(response.status_code)
    document: Document = orjson.loads(response.content)
    return document


async def required(answer: Coroutine[Any, Any, T]) -> T:
    """What there is no page without."""
    try:
        async with asyncio.timeout(PATIENCE):
            return await answer
    except Refused as refusal:
        raise HTTPException(404 if refusal.status == 404 else 503) from refusal
    except (httpx.HTTPError, TimeoutError) as error:
        raise HTTPException(503) from error


async def optional(name: str, answer: Coroutine[Any, Any, T], degraded: list[str]) -> T | None:
    """What is None, and named among the degraded, when it cannot be had in time."""
    try:
        async with asyncio.timeout(OPTIONAL_PATIENCE):
            return await answer
    except (Refused, httpx.HTTPError, TimeoutError):
        degraded.append(name)
        return None


def available(stock: dict[str, int | None] | None, skus: Iterable[str]) -> int | None:
    """What there is of all these together; None when it is not known."""
    if stock is None:
        return None
    counts = [stock.get(sku, 0) for sku in skus]
    return None if None in counts else sum(count or 0 for count in counts)


def picked(document: Document, fields: Iterable[str]) -> Document:
    """These fields of a document."""
    return {field: document[field] for field in fields}


def json(page: Document) -> Response:
    """A page as it is sent."""
    return Response(orjson.dumps(page), media_type="application/json")
