"""What an order is placed with, and how it is handed on: the services say what is wrong with it, as they do to REST."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any

import orjson
import strawberry

from gateway.endpoint import IDEMPOTENCY_KEY
from services.chassis.errors import Invalid

Key = Annotated[
    str,
    strawberry.argument(
        description="Any text that is new. The same with the same key is done once, for 24 h, and answered alike."
    ),
]


@strawberry.input(description="So many of one sku.")
class ItemInput:
    """One line."""

    sku: str
    quantity: int


@strawberry.input(description="Where it goes.")
class AddressInput:
    """An address."""

    full_name: str
    phone: str | None = None
    street: str
    city: str
    state: str | None = None
    country: str
    postal_code: str


@strawberry.input(description="How it is paid: by whom, and what they gave for the card.")
class PaymentMethodInput:
    """A payment method."""

    provider: str
    token: str


def order_body(
    items: list[ItemInput], address: AddressInput | None, payment_method: PaymentMethodInput | None
) -> bytes:
    """An order as the order service takes it."""
    body: dict[str, Any] = {"items": [asdict(item) for item in items]}
    for name, given in (("shipping_address", address), ("payment_method", payment_method)):
        if given is not None:
            body[name] = asdict(given)
    return orjson.dumps(body)


def keyed(key: str) -> Mapping[str, str]:
    """The header that says it. Raises Invalid for nothing, and for what no header can hold."""
    if not key or not (key.isascii() and key.isprintable()):
        raise Invalid.field("idempotency_key", "must be some printable ASCII")
    return {IDEMPOTENCY_KEY: key}
