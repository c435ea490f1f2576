"""More orders than can be ended in time are not begun."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from services.chassis.clock import utcnow
from services.contracts.inventory import StockReserved
from tests.parts import eventually
from tests.services.order.world import World

LAG = 0.2
MANY = 10


@pytest.fixture
def changes() -> dict[str, object]:
    """An order that waits for stock for a moment waits too long."""
    return {"saga_lag_seconds": LAG}


async def test_while_sagas_lag_behind_no_order_is_begun_and_those_accepted_stay_so(world: World) -> None:
    keys = [uuid4().hex for _ in range(MANY)]
    accepted = [await world.place(key=key) for key in keys]
    assert {status for status, _ in accepted} == {202}

    late_comer: list[str] = []

    async def refused() -> bool:
        status, answer = await world.place(key=(key := uuid4().hex))
        if status == 202:
            accepted.append((status, answer))
            return False
        late_comer.append(key)
        return bool(status == 503 and answer["type"] == "urn:portico:problem:overloaded")

    await eventually(refused)
    assert await world.place(key=keys[0]) == accepted[0]

    for _, answer in accepted:
        await world.here.say(StockReserved(order_id=answer["order_id"]), times=2)
    await eventually(lambda: taken(world, late_comer[0]))


async def test_few_that_lag_behind_are_no_reason(world: World) -> None:
    ids = [(await world.place())[1]["order_id"] for _ in range(MANY - 1)]
    await eventually(lambda: lagging(world, ids))
    assert await taken(world, uuid4().hex)


async def test_who_waits_for_a_payment_is_no_reason(world: World) -> None:
    ids = [(await world.place())[1]["order_id"] for _ in range(MANY)]
    for id in ids:
        await world.here.say(StockReserved(order_id=id))
    await eventually(lambda: lagging(world, ids))
    assert await taken(world, uuid4().hex)


async def taken(world: World, key: str) -> bool:
    """Whether an order is accepted."""
    return (await world.place(key=key))[0] == 202


async def lagging(world: World, ids: Sequence[str]) -> bool:
    """Whether all of these are older than they may be, and have been for many a look at them."""
    ages = [utcnow() - datetime.fromisoformat((await world.order(id))["created_at"]) for id in ids]
    return min(ages) > 4 * timedelta(seconds=LAG)
