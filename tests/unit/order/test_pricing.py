"""What wanted items cost, and which wishes cannot be one order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.errors import Invalid
from services.contracts.money import MAX_AMOUNT, Money
from services.order.pricing import Item, Offer, price


def offer(amount: int, currency: str = "USD") -> Offer:
    return Offer(product_id="p", name="Press", image=None, price=Money(amount=amount, currency=currency))


OFFERS = {"press": offer(3499), "mug": offer(1999), "tea": offer(500, "EUR"), "yacht": offer(MAX_AMOUNT)}


def wrong_fields(*wishes: tuple[str, int]) -> list[str]:
    with pytest.raises(Invalid) as refused:
        price([Item(sku=sku, quantity=quantity) for sku, quantity in wishes], OFFERS)
    return [error.field for error in refused.value.errors]


def test_lines_have_the_catalogue_s_prices_and_add_up() -> None:
    priced = price([Item(sku="press", quantity=2), Item(sku="mug", quantity=1)], OFFERS)
    assert [(line.sku, line.name, line.total.amount) for line in priced.lines] == [
        ("press", "Press", 6998),
        ("mug", "Press", 1999),
    ]
    assert (priced.subtotal.amount, priced.discount.amount, priced.shipping.amount) == (8997, 0, 0)
    assert priced.total == Money(amount=8997, currency="USD")


@given(st.lists(st.integers(1, 1000), min_size=1, max_size=100))
def test_the_total_is_the_sum_of_the_lines(quantities: list[int]) -> None:
    offers = {str(n): offer(n) for n in range(len(quantities))}
    priced = price([Item(sku=str(n), quantity=q) for n, q in enumerate(quantities)], offers)
    assert priced.total.amount == sum(n * q for n, q in enumerate(quantities))


def test_what_cannot_be_one_order_is_named() -> None:
    assert wrong_fields(("press", 1), ("nope", 1), ("gone", 1)) == ["items.1.sku", "items.2.sku"]
    assert wrong_fields(("press", 1), ("mug", 1), ("press", 2)) == ["items.2.sku"]
    assert wrong_fields(("press", 1), ("tea", 1)) == ["items"]
    assert wrong_fields(("yacht", 1), ("mug", 1)) == ["items"]
