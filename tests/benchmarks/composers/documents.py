"""What the services behind a composer say: products with variants, stock and related ones; orders with payments."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import orjson

Document = dict[str, Any]

PRODUCTS: Final = 500
ORDERS: Final = 500
VARIANTS: Final = 4
RELATED: Final = 8
LINES: Final = 3

LAME: Final = "lame"
"""Of this product neither stock nor related ones can be had; of this order, no payment."""

_TIME: Final = "2026-01-31T12:00:00.250000Z"
_SENTENCE: Final = "Borosilicate carafe with a reusable steel filter, six cups and no paper waste. "
_STATUSES: Final = ("CREATED", "PENDING", "PAID", "CONFIRMED")
_CARD: Final = ("id", "slug", "name", "price", "compare_at_price", "category", "brand", "image")


def product_ids() -> list[str]:
    """The products that there are, without the lame one."""
    return [f"product-{number:04}" for number in range(PRODUCTS)]


def order_ids() -> list[str]:
    """The orders that there are, without the lame one."""
    return [f"order-{number:04}" for number in range(ORDERS)]


def answers() -> Mapping[str, bytes]:
    """The body of every answer, by its target; what is not there is refused."""
    documents = dict(_all())
    return {target: orjson.dumps(document) for target, document in documents.items()}


def _all() -> Iterator[tuple[str, Document]]:
    ids = product_ids()
    for place, id in enumerate(ids):
        others = (ids[(place + step) % PRODUCTS] for step in range(1, RELATED + 1))
        skus = _skus(id)
        yield f"/products/{id}", _product(id)
        yield f"/products/{id}/related", {"items": [_summary(other) for other in others]}
        yield f"/stock?skus={','.join(skus)}", {"items": [_level(sku) for sku in skus]}
    for id in order_ids():
        yield f"/orders/{id}", _order(id)
        yield f"/payments?order_ids={id}", {"items": [_payment(id)]}
    yield f"/products/{LAME}", _product(LAME)
    yield f"/orders/{LAME}", _order(LAME)


def _product(id: str) -> Document:
    images = [
        {"url": f"/media/products/{id}-{number}.jpg", "alt": f"View {number}", "primary": number == 0}
        for number in range(3)
    ]
    variants = [
        {"sku": sku, "attributes": {"size": str(size), "colour": "blue"}, "price": _money(3400 + size)}
        for size, sku in enumerate(_skus(id))
    ]
    return {
        "id": id,
        "slug": f"the-{id}",
        "name": f"Pour-over Coffee Maker {id}",
        "description": _SENTENCE * 5,
        "price": _money(3400),
        "compare_at_price": _money(4200),
        "category": "kitchen/coffee",
        "brand": "Brewline",
        "tags": ["coffee", "glass", "gift", "featured"],
        "images": images,
        "image": images[0]["url"],
        "variants": variants,
        "seo": {"title": "Pour-over Coffee Maker for six", "description": None},
        "status": "active",
        "published_at": _TIME,
        "version": 3,
        "created_at": _TIME,
        "updated_at": _TIME,
    }


def _summary(id: str) -> Document:
    whole = _product(id)
    return {**{name: whole[name] for name in _CARD}, "skus": _skus(id), "status": "active"}


def _level(sku: str) -> Document:
    return {"sku": sku, "quantity": 50, "reserved": 10, "available": 40, "tracked": True, "updated_at": _TIME}


def _order(id: str) -> Document:
    lines = [
        {
            "sku": f"{sku}-0",
            "product_id": sku,
            "name": f"Pour-over Coffee Maker {sku}",
            "image": f"/media/products/{sku}-0.jpg",
            "quantity": 2,
            "unit_price": _money(3400),
            "line_total": _money(6800),
        }
        for sku in product_ids()[:LINES]
    ]
    timeline = [{"sequence": n, "status": status, "at": _TIME} for n, status in enumerate(_STATUSES, 1)]
    return {
        "order_id": id,
        "user_id": "ada",
        "status": _STATUSES[-1],
        "reason": None,
        "items": lines,
        "subtotal": _money(20_400),
        "discount": _money(0),
        "shipping": _money(0),
        "total": _money(20_400),
        "shipping_address": {
            "full_name": "Ada Lovelace",
            "phone": "+4712345678",
            "street": "1 Main St",
            "city": "Oslo",
            "state": None,
            "country": "NO",
            "postal_code": "0150",
        },
        "payment_id": f"payment-of-{id}",
        "timeline": timeline,
        "created_at": _TIME,
        "updated_at": _TIME,
    }


def _payment(order_id: str) -> Document:
    return {
        "payment_id": f"payment-of-{order_id}",
        "order_id": order_id,
        "user_id": "ada",
        "status": "captured",
        "amount": _money(20_400),
        "captured": _money(20_400),
        "refunded": _money(0),
        "provider": "sandbox",
    }


def _skus(id: str) -> list[str]:
    return [f"{id}-{size}" for size in range(VARIANTS)]


def _money(amount: int) -> Document:
    return {"amount": amount, "currency": "USD"}
