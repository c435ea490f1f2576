"""What version 2 makes of what services say: pure functions, on the goods of the gateway's tests."""

from typing import Any

from gateway.compositions.checkout_preview import CheckoutPreview, Notice
from gateway.compositions.order_page import OrderPage
from gateway.upstreams.order import History, Order, Priced
from gateway.upstreams.payment import Payment
from gateway.v1 import orders as v1
from gateway.v2.checkout import PreviewOut
from gateway.v2.orders import OrderListOut, OrderOut, OrderPageOut
from gateway.v2.paging import LinkedPage, Page
from tests.gateway.goods import NOW, ORDER, PAYMENT

FREE = {"amount": 0, "currency": "USD"}
TOTALS = {name: ORDER[name] for name in ("subtotal", "discount", "shipping", "total")}
SHOWN: dict[str, Any] = {
    "order_id": "o1",
    "customer": {"user_id": "u1"},
    "state": {
        "status": "CANCELLED",
        "reason": "out_of_stock",
        "history": [{"sequence": 1, "status": "CREATED", "at": NOW}],
    },
    "items": ORDER["items"],
    "totals": TOTALS,
    "shipping_address": ORDER["shipping_address"],
    "payment_id": "pay1",
    "created_at": NOW,
    "updated_at": NOW,
}


def order() -> Order:
    return Order.model_validate(ORDER)


def test_an_order() -> None:
    assert OrderOut.of(order()).model_dump(mode="json") == SHOWN


def test_nothing_is_lost_that_version_1_hands_on_in_its_lists() -> None:
    flat = OrderOut.of(order()).model_dump(mode="json")
    state = flat.pop("state")
    flat |= {**flat.pop("totals"), **flat.pop("customer"), "timeline": state.pop("history"), **state}
    assert flat == {name: ORDER[name] for name in v1.ListedOrderOut.model_fields}


def test_an_order_has_the_same_form_on_its_page_and_in_a_list() -> None:
    page = OrderPageOut.of_page(OrderPage(order(), Payment.model_validate(PAYMENT), ("stock",)))
    more = {"payment": PAYMENT, "shipment": None, "degraded": ["stock"]}
    assert page.model_dump(mode="json") == {**SHOWN, **more}
    found = History(items=(order(),), next_cursor="c")
    assert OrderListOut.of(found, "/next").model_dump(mode="json") == {"items": [SHOWN], "next": "/next"}


def test_a_preview_has_the_totals_of_an_order() -> None:
    notice = Notice("out_of_stock", "mug-s", "none")
    priced = Priced.model_validate(ORDER)
    shown = PreviewOut.of(CheckoutPreview(priced, {"mug-s": 0}, (notice,), ())).model_dump(mode="json")
    assert shown == {
        "items": [{**ORDER["items"][0], "available": 0}],
        "totals": TOTALS,
        "shipping_options": [],
        "notices": [{"code": "out_of_stock", "sku": "mug-s", "detail": "none"}],
        "degraded": [],
    }


def test_what_is_listed_is_handed_on_as_it_is() -> None:
    entry = {"id": 1, "nested": {"of": ["tomorrow", None, 0.5]}}
    page = Page.model_validate({"items": [entry], "next_cursor": "c", "more": 1})
    assert LinkedPage.of(page, None).model_dump() == {"items": (entry,), "next": None}
