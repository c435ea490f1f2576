"""How many orders a customer has."""

from typing import Any

import pytest

from services.chassis.envelope import new_id
from services.order.app import make_app
from services.order.settings import Settings
from services.order.use_cases import MAX_COUNTED
from tests.answers import Answer
from tests.conftest import Start
from tests.instances import Instance
from tests.parts import Corner
from tests.tokens import Issuer


@pytest.fixture
async def service(here: Corner, start: Start) -> Instance:
    return await start(make_app(here.settings(Settings)))


async def counts(service: Instance, headers: dict[str, str]) -> Answer:
    async with service.http.get("/orders/counts", headers=headers) as response:
        return await Answer.of(response)


def orders(user: str, status: str, number: int) -> list[dict[str, Any]]:
    """As much of them as is counted."""
    return [{"_id": new_id(), "order": {"user_id": user, "status": status}} for _ in range(number)]


async def test_one_s_own_orders_are_counted_by_status(
    here: Corner, service: Instance, issuer: Issuer
) -> None:
    mine = orders("u1", "CONFIRMED", 3) + orders("u1", "CANCELLED", 1)
    await here.db("order").orders.insert_many(mine + orders("u2", "PAID", 2))
    answer = await counts(service, issuer.bearer("u1"))
    assert answer.body == {"by_status": {"CONFIRMED": 3, "CANCELLED": 1}, "complete": True}
    assert (await counts(service, issuer.bearer("u3"))).body == {"by_status": {}, "complete": True}
    assert (await counts(service, issuer.bearer("u3", "admin"))).body["by_status"] == {}
    assert (await counts(service, {})).status == 401


async def test_counting_ends_somewhere_and_says_so(here: Corner, service: Instance, issuer: Issuer) -> None:
    await here.db("order").orders.insert_many(orders("u1", "CONFIRMED", MAX_COUNTED + 1))
    answer = await counts(service, issuer.bearer("u1"))
    assert answer.body == {"by_status": {"CONFIRMED": MAX_COUNTED}, "complete": False}
