"""What the order service tells Prometheus of business and of sagas."""

from datetime import timedelta

import pytest

from services.chassis.clock import utcnow
from services.chassis.envelope import new_id
from services.contracts.inventory import ConfirmStock, ReserveStock, StockConfirmed, StockReserved
from services.contracts.payment import AuthorizePayment, CapturePayment, PaymentAuthorized, PaymentCaptured
from tests.metrics import sample
from tests.parts import eventually
from tests.services.order.world import World
from tests.unit.order.orders import new_order


def placed() -> float:
    return sample("portico_orders_placed_total")


def revenue() -> float:
    return sample("portico_revenue_minor_units_total", currency="USD")


def sagas() -> dict[str, float]:
    return {state: sample("portico_sagas", state=state) for state in ("going", "stuck")}


async def test_an_order_is_counted_when_it_is_accepted_and_its_worth_when_it_is_confirmed(
    world: World,
) -> None:
    before = placed(), revenue()
    _, answer = await world.place(key="once")
    await world.place(key="once")
    order_id = answer["order_id"]
    await world.inventory.next(ReserveStock)
    await world.here.say(StockReserved(order_id=order_id))
    ids = {"order_id": order_id, "payment_id": (await world.payment.next(AuthorizePayment)).payment_id}
    await world.here.say(PaymentAuthorized(**ids))
    await world.inventory.next(ConfirmStock)
    await world.here.say(StockConfirmed(order_id=order_id))
    await world.payment.next(CapturePayment)
    assert (placed(), revenue()) == (before[0] + 1, before[1])
    await world.here.say(PaymentCaptured(**ids), times=2)
    await eventually(lambda: revenue() == before[1] + 6998)
    assert placed() == before[0] + 1


@pytest.mark.parametrize("changes", [{"saga_count_seconds": 0.05, "saga_watch_seconds": 3600}])
async def test_sagas_that_are_not_over_are_counted_and_the_stuck_ones_apart(world: World) -> None:
    now = utcnow()
    for wake_at in (now + timedelta(minutes=1), now + timedelta(minutes=2), now - timedelta(minutes=1), None):
        state = {**new_order().model_dump(), "order_id": new_id(), "wake_at": wake_at}
        await world.here.db("order").orders.insert_one({"_id": state["order_id"], "order": state})
    await eventually(lambda: sagas() == {"going": 2, "stuck": 1})
