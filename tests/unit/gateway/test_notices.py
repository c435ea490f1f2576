"""What a customer is told before ordering."""

from gateway.compositions.checkout_preview import notices_about
from gateway.upstreams.order import Line
from services.contracts.money import Money

PRICE = Money(amount=1999, currency="USD")


def line(sku: str, quantity: int = 3) -> Line:
    return Line(
        sku=sku,
        product_id="p1",
        name=sku,
        quantity=quantity,
        unit_price=PRICE,
        line_total=PRICE.times(quantity),
    )


def codes(stock: dict[str, int | None] | None, prices: dict[str, Money] | None) -> list[tuple[str, str]]:
    lines = [line("mug"), line("press")]
    return [(notice.sku, notice.code) for notice in notices_about(lines, stock, prices)]


def test_each_shortage_is_told_of() -> None:
    assert codes({"mug": 3, "press": 9}, {}) == []
    assert codes({"mug": 2, "press": 0}, {}) == [("mug", "not_enough_stock"), ("press", "out_of_stock")]


def test_how_much_there_is_is_said() -> None:
    [notice] = notices_about([line("mug")], {"mug": 2}, None)
    assert notice.detail == "2 of 3 are available"


def test_a_price_that_has_changed_is_told_of() -> None:
    dearer = PRICE.times(2)
    assert codes({}, {"mug": PRICE, "press": dearer}) == [("press", "price_changed")]
    assert codes({"press": 1}, {"press": dearer}) == [
        ("press", "not_enough_stock"),
        ("press", "price_changed"),
    ]


def test_nothing_is_said_of_what_is_not_counted_or_not_known() -> None:
    assert codes({"mug": None, "press": None}, {}) == []
    assert codes(None, None) == []
