"""The order service on real MongoDB and RabbitMQ, with the tests in the place of inventory and payment."""

from pathlib import Path
from typing import Any

import pytest

from services.contracts import topology
from services.contracts.inventory import (
    ConfirmStock,
    ReleaseStock,
    ReserveStock,
    StockConfirmed,
    StockRejected,
    StockReleased,
    StockReserved,
)
from services.contracts.money import Money
from services.contracts.order import OrderStatusChanged
from services.contracts.payment import (
    AuthorizePayment,
    CapturePayment,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentDeclined,
    PaymentVoided,
    VoidPayment,
)
from services.order.app import make_app
from services.order.settings import Settings
from tests.conftest import Start
from tests.instances import Instance
from tests.parts import Corner, eventually
from tests.processes import instances
from tests.services.order.world import ADDRESS, World, press
from tests.tokens import Issuer


async def test_an_order_goes_all_the_way_each_message_delivered_twice(world: World) -> None:
    status, answer = await world.place()
    order_id = answer["order_id"]
    assert (status, answer["status"]) == (202, "CREATED")
    reserve = await world.inventory.next(ReserveStock)
    assert [(line.sku, line.quantity) for line in reserve.lines] == [("press", 2)]
    await world.here.say(StockReserved(order_id=order_id), times=2)
    authorize = await world.payment.next(AuthorizePayment)
    assert authorize.amount == Money(amount=6998, currency="USD")
    ids = {"order_id": order_id, "payment_id": authorize.payment_id}
    await world.here.say(PaymentAuthorized(**ids), times=2)
    await world.inventory.next(ConfirmStock)
    await world.here.say(StockConfirmed(order_id=order_id), times=2)
    await world.payment.next(CapturePayment)
    await world.here.say(PaymentCaptured(**ids), times=2)
    said = [await world.live.next(OrderStatusChanged) for _ in range(4)]
    assert [(one.sequence, one.status) for one in said] == [
        (1, "CREATED"),
        (2, "PENDING"),
        (3, "PAID"),
        (4, "CONFIRMED"),
    ]
    order = await world.order(order_id)
    assert order["status"] == "CONFIRMED"
    assert order["total"] == {"amount": 6998, "currency": "USD"}
    assert (await world.replayed(order_id)).timeline == tuple(
        (await world.replayed(order_id)).timeline[: len(order["timeline"])]
    )
    await eventually(lambda: nothing_in(world.here, "outbox"))
    assert (world.inventory.waiting, world.payment.waiting, world.live.waiting) == (0, 0, 0)


async def nothing_in(here: Corner, collection: str) -> bool:
    return await here.db("order")[collection].count_documents({}) == 0


async def test_a_declined_payment_gives_the_stock_back_before_it_is_cancelled(world: World) -> None:
    _, answer = await world.place("tok_decline")
    order_id = answer["order_id"]
    await world.inventory.next(ReserveStock)
    await world.here.say(StockReserved(order_id=order_id))
    ask = await world.payment.next(AuthorizePayment)
    await world.here.say(
        PaymentDeclined(order_id=order_id, payment_id=ask.payment_id, reason="declined"), times=2
    )
    await world.inventory.next(ReleaseStock)
    assert (await world.order(order_id))["status"] == "PENDING"
    await world.here.say(StockReleased(order_id=order_id, restocked=False), times=2)
    order = await eventually(lambda: cancelled(world, order_id))
    assert order["reason"] == "payment_declined"
    assert (await world.replayed(order_id)).status == "CANCELLED"


async def cancelled(world: World, order_id: str) -> dict[str, Any] | None:
    order = await world.order(order_id)
    return order if order["status"] == "CANCELLED" else None


async def test_no_stock_cancels_at_once(world: World) -> None:
    _, answer = await world.place()
    await world.inventory.next(ReserveStock)
    await world.here.say(StockRejected(order_id=answer["order_id"], skus=("press",)))
    order = await eventually(lambda: cancelled(world, answer["order_id"]))
    assert order["reason"] == "out_of_stock"


async def test_at_the_deadline_everything_is_undone_by_one_of_two(
    here: Corner, start: Start, issuer: Issuer, tmp_path: Path
) -> None:
    settings = here.settings(Settings, saga_deadline_seconds=3.0, saga_watch_seconds=0.05)
    service = await start(make_app(settings))
    async with instances(settings, 1, tmp_path):
        await _at_the_deadline(here, service, issuer)


async def _at_the_deadline(here: Corner, service: Instance, issuer: Issuer) -> None:
    await here.say(press())
    await eventually(lambda: here.db("order").catalogue.find_one({"_id": "press"}))
    inventory, payment = (
        await here.listen(topology.INVENTORY_COMMANDS),
        await here.listen(topology.PAYMENT_COMMANDS),
    )
    world = World(here, service, issuer, inventory, payment, inventory)
    _, answer = await world.place("tok_timeout")
    order_id = answer["order_id"]
    await world.inventory.next(ReserveStock)
    await here.say(StockReserved(order_id=order_id))
    await world.payment.next(AuthorizePayment)
    void = await world.payment.next(VoidPayment)
    await world.inventory.next(ReleaseStock)
    await here.say(PaymentVoided(order_id=order_id, payment_id=void.payment_id, refunded=False))
    assert (await world.order(order_id))["status"] == "PENDING"
    await here.say(StockReleased(order_id=order_id, restocked=False))
    assert (await eventually(lambda: cancelled(world, order_id)))["reason"] == "payment_timeout"


async def test_a_confirmed_order_can_be_cancelled_once(world: World) -> None:
    _, answer = await world.place()
    order_id = answer["order_id"]
    await world.inventory.next(ReserveStock)
    assert await world.cancel(order_id, "somebody-else") == 404
    assert await world.cancel(order_id) == 202
    assert await world.cancel(order_id) == 409
    await world.inventory.next(ReleaseStock)
    await world.here.say(StockReleased(order_id=order_id, restocked=False))
    assert (await eventually(lambda: cancelled(world, order_id)))["reason"] == "requested"


async def test_the_same_key_gives_the_same_order_also_when_it_comes_at_once(world: World) -> None:
    import asyncio

    answers = await asyncio.gather(*(world.place(key="once") for _ in range(10)))
    assert len({answer["order_id"] for _, answer in answers}) == 1
    assert {status for status, _ in answers} == {202}
    status, problem = await world.place("tok_decline", key="once")
    assert (status, problem["errors"][0]["field"]) == (422, "Idempotency-Key")
    assert await world.here.db("order").orders.count_documents({}) == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"items": [{"sku": "nope", "quantity": 1}]}, "items.0.sku"),
        ({"items": [{"sku": "press", "quantity": 0}]}, "items.0.quantity"),
        ({"items": [{"sku": "press", "quantity": "2"}]}, "items.0.quantity"),
        ({"items": []}, "items"),
        ({"items": [{"sku": "press", "quantity": 1}, {"sku": "press", "quantity": 2}]}, "items.1.sku"),
        ({"cart": 0}, "cart"),
        ({"items": [{"sku": {"$gt": ""}, "quantity": 1}]}, "items.0.sku"),
        ({"payment_method": {"provider": "sandbox", "token": "tok_free"}}, "payment_method.token"),
        (
            {"payment_method": {"provider": "sandbox", "token": "tok_approve", "cvc": "1"}},
            "payment_method.cvc",
        ),
        ({"coupon_code": "X"}, "coupon_code"),
        ({"cart": True}, "cart"),
        ({"address_id": "a"}, "address_id"),
        ({"user_id": "somebody-else"}, "user_id"),
        ({"shipping_address": {**ADDRESS, "city": ""}}, "shipping_address.city"),
    ],
)
async def test_a_wrong_field_is_named(world: World, changes: dict[str, Any], field: str) -> None:
    status, problem = await world.place(**changes)
    assert status == 422
    assert [error["field"] for error in problem["errors"]] == [field]
    assert problem["trace_id"]


async def test_a_price_change_applies_to_the_next_order_and_an_old_one_never(world: World) -> None:
    await world.here.say(press(version=3, amount=4000))
    await world.here.say(press(version=2, amount=1))
    await eventually(lambda: world.here.db("order").catalogue.find_one({"price.amount": 4000}))
    await eventually(lambda: nothing_waits(world))
    _, answer = await world.place()
    assert (await world.order(answer["order_id"]))["total"]["amount"] == 8000


async def nothing_waits(world: World) -> bool:
    """The press as it was at first, and both changes of it, were taken in: apart, or together."""
    taken = [row async for row in world.here.db("order").inbox.find()]
    return sum(len(row["messages"]) for row in taken) == 3
