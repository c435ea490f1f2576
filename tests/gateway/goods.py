"""What services say of a mug, of the order it is in, and of the payment; and pages made of that."""

from typing import Any

from tests.instances import Instance

USD = {"amount": 1999, "currency": "USD"}
NOW = "2026-01-01T12:00:00Z"
MUG: dict[str, Any] = {
    "id": "p1",
    "slug": "mug",
    "name": "Mug",
    "description": "For coffee",
    "price": USD,
    "compare_at_price": None,
    "category": "kitchen/coffee",
    "brand": "Acme",
    "tags": ["blue"],
    "images": [{"url": "/mug.jpg", "alt": "A mug", "primary": True}],
    "image": "/mug.jpg",
    "variants": [
        {"sku": "mug-s", "attributes": {"size": "S"}, "price": USD},
        {"sku": "mug-l", "attributes": {"size": "L"}, "price": USD},
    ],
    "seo": {"title": None, "description": None},
    "status": "active",
    "published_at": NOW,
    "version": 3,
    "created_at": NOW,
    "updated_at": NOW,
    "a_field_of_tomorrow": 1,
}
CARD = {
    name: MUG[name]
    for name in ("id", "slug", "name", "price", "compare_at_price", "category", "brand", "image")
}
ORDER: dict[str, Any] = {
    "order_id": "o1",
    "user_id": "u1",
    "status": "CANCELLED",
    "reason": "out_of_stock",
    "items": [
        {
            "sku": "mug-s",
            "product_id": "p1",
            "name": "Mug",
            "image": "/mug.jpg",
            "quantity": 1,
            "unit_price": USD,
            "line_total": USD,
        }
    ],
    "subtotal": USD,
    "discount": {"amount": 0, "currency": "USD"},
    "shipping": {"amount": 0, "currency": "USD"},
    "total": USD,
    "shipping_address": {"full_name": "Ada", "street": "1 Main St", "state": None},
    "payment_id": "pay1",
    "timeline": [{"sequence": 1, "status": "CREATED", "at": NOW}],
    "created_at": NOW,
    "updated_at": NOW,
}
PAYMENT = {
    "payment_id": "pay1",
    "order_id": "o1",
    "status": "captured",
    "amount": USD,
    "captured": USD,
    "refunded": USD,
}
LISTED = ("order_id", "status", "reason", "items", "total", "created_at", "updated_at")
"""What a list tells of an order."""


async def get(shop: Instance, path: str, headers: dict[str, str] | None = None) -> dict[str, Any]:
    """A page, which must be there."""
    async with shop.http.get(path, headers=headers) as response:
        assert response.status == 200, await response.text()
        page: dict[str, Any] = await response.json()
        return page
