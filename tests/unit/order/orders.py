"""Orders and answers for the tests of the order service's rules."""

from datetime import UTC, datetime, timedelta

from services.contracts.money import Money
from services.contracts.payment import PaymentMethod
from services.order.domain import Address, Line, Order, OrderPlaced, evolve

T0 = datetime(2026, 3, 27, 9, 0, tzinfo=UTC)
LATER = T0 + timedelta(seconds=31)


def placed(order_id: str = "o1") -> OrderPlaced:
    """An order of three things in two lines for 89.97 USD."""
    lines = (line("press", 2, 3499), line("mug", 1, 1999))
    return OrderPlaced(
        at=T0,
        order_id=order_id,
        user_id="u1",
        lines=lines,
        subtotal=Money(amount=8997, currency="USD"),
        shipping_address=Address(
            full_name="Ada",
            phone=None,
            street="1 Main",
            city="Oslo",
            state=None,
            country="NO",
            postal_code="0150",
        ),
        payment_id="p1",
        method=PaymentMethod(provider="sandbox", token="tok_approve"),
        deadline=T0 + timedelta(seconds=30),
    )


def line(sku: str, quantity: int, amount: int, currency: str = "USD") -> Line:
    """So many of `sku` at `amount`."""
    price = Money(amount=amount, currency=currency)
    return Line(
        sku=sku, product_id=f"id-{sku}", name=sku.title(), image=None, quantity=quantity, unit_price=price
    )


def new_order() -> Order:
    """An order that was just placed."""
    return evolve(None, placed())
