"""What wanted items cost at the catalogue's prices: for an order as for its preview."""

from collections.abc import Mapping, Sequence

from services.chassis.errors import FieldError, Invalid
from services.contracts.message import Value
from services.contracts.money import MAX_AMOUNT, Money
from services.order.domain import Line, Priced, subtotal


class Item(Value):
    """So many of one sku."""

    sku: str
    quantity: int


class Offer(Value):
    """What an orderable sku is, and costs."""

    product_id: str
    name: str
    image: str | None
    price: Money


def price(items: Sequence[Item], offers: Mapping[str, Offer]) -> Priced:
    """The items as lines. Raises Invalid where a sku has no offer, or what is wanted cannot be one order."""
    _check_skus([item.sku for item in items], offers)
    lines = tuple(_line(item, offers[item.sku]) for item in items)
    if len({line.unit_price.currency for line in lines}) > 1:
        raise Invalid.field("items", "priced in different currencies; place one order for each")
    if sum(line.unit_price.amount * line.quantity for line in lines) > MAX_AMOUNT:
        raise Invalid.field("items", "the total is too large")
    return Priced(lines=lines, subtotal=subtotal(lines))


def _line(item: Item, offer: Offer) -> Line:
    return Line(
        sku=item.sku,
        product_id=offer.product_id,
        name=offer.name,
        image=offer.image,
        quantity=item.quantity,
        unit_price=offer.price,
    )


def _check_skus(skus: Sequence[str], offers: Mapping[str, Offer]) -> None:
    twice = [
        FieldError(f"items.{n}.sku", "given before; use quantity")
        for n, sku in enumerate(skus)
        if sku in skus[:n]
    ]
    if twice:
        raise Invalid("each sku may appear once", errors=tuple(twice))
    unknown = [FieldError(f"items.{n}.sku", "unknown sku") for n, sku in enumerate(skus) if sku not in offers]
    if unknown:
        raise Invalid("some skus cannot be ordered", errors=tuple(unknown))
