"""What the order service's HTTP edge takes and gives."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator

from services.contracts.money import Money
from services.contracts.order import CancelReason, OrderStatus
from services.contracts.payment import PaymentMethod
from services.order.domain import Address, Line, Order, Priced, TimelineEntry
from services.order.pricing import Item

Text = Annotated[str, Field(min_length=1, max_length=200)]
Sku = Annotated[str, Field(min_length=1, max_length=100)]


class Input(BaseModel):
    """Unknown fields are refused: nothing that a client sends is silently ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class ItemIn(Item, Input):
    """So many of one sku."""

    sku: Sku
    quantity: Annotated[int, Field(ge=1, le=1000, strict=True)]


class AddressIn(Input):
    """Where it goes."""

    full_name: Text
    phone: Text | None = None
    street: Text
    city: Text
    state: Text | None = None
    country: Text
    postal_code: Annotated[str, Field(min_length=1, max_length=20)]

    def to_domain(self) -> Address:
        """The same, as the domain knows it."""
        return Address(**self.model_dump())


class PaymentMethodIn(PaymentMethod, Input):
    """How it is paid."""


class PreviewIn(Input):
    """What may be ordered. The fields that are typed None belong to parts of the platform that do not exist yet."""

    items: Annotated[list[ItemIn], Field(min_length=1, max_length=100)]
    shipping_address: AddressIn | None = None
    payment_method: PaymentMethodIn | None = None
    cart: Literal[False] | None = None
    address_id: None = None
    coupon_code: None = None
    shipping_option: None = None

    @field_validator("cart", "address_id", "coupon_code", "shipping_option", mode="before")
    @classmethod
    def _unsupported(cls, value: object) -> object:
        if value is not None and value is not False:
            raise ValueError("not supported yet")
        return value


class PlaceOrderIn(PreviewIn):
    """An order."""

    shipping_address: AddressIn
    payment_method: PaymentMethodIn


class CancelIn(Input):
    """Why it is cancelled, in the customer's words."""

    reason: Annotated[str, Field(min_length=1, max_length=500)]


class HistoryQuery(Input):
    """Which part of a caller's orders."""

    status: OrderStatus | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 20
    cursor: Annotated[str, Field(max_length=500)] | None = None


class HistoryPosition(BaseModel):
    """Where a page of the history ended."""

    before: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]


class ChangesQuery(Input):
    """From where on; without a cursor from now on."""

    limit: Annotated[int, Field(ge=1, le=100)] = 100
    cursor: Annotated[str, Field(max_length=500)] | None = None


class ChangesPosition(BaseModel):
    """So many of a customer's changes have been seen, at a time in seconds since the epoch."""

    user_id: str
    number: Annotated[int, Field(ge=0)]
    seen_at: int


class ChangeOut(BaseModel):
    """An order entered a status. What comes after it is had with its `cursor`."""

    cursor: str
    order_id: str
    status: OrderStatus
    sequence: int
    at: datetime
    reason: CancelReason | None


class ChangesOut(BaseModel):
    """What comes next, and the cursor behind it; with `more`, there is more at once."""

    items: list[ChangeOut]
    cursor: str
    more: bool


class StatusOut(BaseModel):
    """Where an order is."""

    order_id: str
    status: OrderStatus
    reason: CancelReason | None
    updated_at: datetime

    @classmethod
    def of(cls, order: Order) -> Self:
        """The status of one order."""
        return cls(
            order_id=order.order_id, status=order.status, reason=order.reason, updated_at=order.updated_at
        )


class TimelineOut(BaseModel):
    """Every status that an order entered."""

    order_id: str
    reason: CancelReason | None
    timeline: tuple[TimelineEntry, ...]


class LineOut(BaseModel):
    """One line of an order."""

    sku: str
    product_id: str
    name: str
    image: str | None
    quantity: int
    unit_price: Money
    line_total: Money

    @classmethod
    def of(cls, line: Line) -> Self:
        """One line with its total."""
        return cls(
            **line.model_dump(exclude={"unit_price"}), unit_price=line.unit_price, line_total=line.total
        )


class PricedOut(BaseModel):
    """Lines, and what they cost together."""

    items: list[LineOut]
    subtotal: Money
    discount: Money
    shipping: Money
    total: Money


class PreviewOut(PricedOut):
    """What an order would be charged."""

    @classmethod
    def of(cls, priced: Priced) -> Self:
        """As whoever thinks of ordering sees it."""
        return cls(**_priced(priced))


class OrderOut(PricedOut, StatusOut):
    """One order, whole."""

    user_id: str
    shipping_address: Address
    payment_id: str
    timeline: tuple[TimelineEntry, ...]
    created_at: datetime

    @classmethod
    def of(cls, order: Order) -> Self:
        """An order as clients see it."""
        return cls(
            **StatusOut.of(order).model_dump(),
            **_priced(order),
            user_id=order.user_id,
            shipping_address=order.shipping_address,
            payment_id=order.payment_id,
            timeline=order.timeline,
            created_at=order.created_at,
        )


class OrderCountsOut(BaseModel):
    """How many orders there are in each status that one is in; not `complete`: at least so many."""

    by_status: dict[OrderStatus, int]
    complete: bool


def _priced(priced: Priced) -> dict[str, Any]:
    names = ("subtotal", "discount", "shipping", "total")
    return {"items": [LineOut.of(line) for line in priced.lines]} | {
        name: getattr(priced, name) for name in names
    }
