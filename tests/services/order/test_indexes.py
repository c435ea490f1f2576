"""Every query of the order service is served by an index, and looks at little more than it returns."""

from datetime import timedelta
from typing import Any

import pytest

from services.chassis.clock import utcnow
from services.chassis.envelope import new_id
from services.order.app import make_app
from services.order.documents import BY_STATUS, LONG_AGO
from services.order.settings import Settings
from services.order.use_cases import counting
from tests.conftest import Start
from tests.parts import Corner
from tests.plans import Plan, explain
from tests.unit.order.orders import new_order


@pytest.fixture
async def filled(here: Corner, start: Start) -> Corner:
    """Two thousand orders of twenty customers, one in ten of them waiting for its saga."""
    await start(make_app(here.settings(Settings, saga_watch_seconds=3600)))
    orders = []
    for number in range(2000):
        state = new_order().model_dump()
        late = number % 10 == 0
        state.update(
            order_id=new_id(),
            user_id=f"u{number % 20}",
            status="CREATED" if late else "CONFIRMED",
            wake_at=utcnow() - timedelta(seconds=number) if late else None,
        )
        orders.append({"_id": state["order_id"], "order": state})
    await here.db("order").orders.insert_many(orders)
    return here


@pytest.mark.parametrize(
    ("wanted", "sort", "limit"),
    [
        ({"order.user_id": "u3"}, [("_id", -1)], 20),
        ({"order.user_id": "u3", "_id": {"$lt": "f"}}, [("_id", -1)], 20),
        ({"order.user_id": "u3", "order.status": "CONFIRMED"}, [("_id", -1)], 20),
        ({"order.wake_at": {"$gt": LONG_AGO, "$lte": utcnow()}}, [("order.wake_at", 1)], 50),
    ],
)
async def test_histories_and_late_sagas(
    filled: Corner, wanted: dict[str, Any], sort: list[tuple[str, int]], limit: int
) -> None:
    plan: Plan = await explain(filled.db("order").orders, wanted, sort, limit)
    assert plan.returned == limit
    assert plan.is_served_by_an_index, plan.stages
    assert plan.examined <= 2 * plan.returned


async def test_counts_are_taken_from_the_index_alone(filled: Corner) -> None:
    command = {
        "aggregate": "orders",
        "pipeline": counting("u0"),
        "hint": BY_STATUS.document["key"],
        "cursor": {},
    }
    told = await filled.db("order").command("explain", command, verbosity="executionStats")
    statistics = (
        told["stages"][0]["$cursor"]["executionStats"] if "stages" in told else told["executionStats"]
    )
    assert statistics["totalDocsExamined"] == 0
    assert statistics["totalKeysExamined"] <= 101


async def test_streams_and_the_view(filled: Corner) -> None:
    db = filled.db("order")
    for collection, wanted, sort in (
        (db.order_events, {"order_id": "o1"}, [("sequence", 1)]),
        (db.catalogue, {"product_id": {"$in": ["p1", "p2"]}}, []),
        (db.catalogue, {"_id": {"$in": ["a", "b"]}, "active": True}, []),
        (db.inbox, {"messages": {"$in": ["a", "b"]}}, []),
        (db.outbox, {"lane": {"$in": ["l"]}, "_id": {"$nin": []}}, [("_id", 1)]),
        (db.outbox, {"rows.aggregate": {"$in": ["a"]}}, []),
    ):
        plan = await explain(collection, wanted, sort, 100)
        assert plan.is_served_by_an_index, (collection.name, plan.stages)
