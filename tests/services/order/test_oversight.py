"""What operators see of sagas, and what becomes of it when they step in."""

from datetime import timedelta
from typing import Any

import pytest

from services.chassis.clock import utcnow
from services.chassis.envelope import new_id
from services.contracts import topology
from services.contracts.inventory import (
    ConfirmStock,
    ReleaseStock,
    ReserveStock,
    StockReleased,
    StockReserved,
)
from services.contracts.order import OperatorActed
from services.contracts.payment import AuthorizePayment, PaymentAuthorized, PaymentVoided, VoidPayment
from services.order.oversight import unfinished
from services.order.saga_schemas import SagasPosition, SagasQuery
from tests.answers import Answer
from tests.parts import eventually
from tests.plans import explain
from tests.services.order.world import World
from tests.unit.order.orders import new_order

CALLS = [
    ("GET", "/sagas"),
    ("GET", "/sagas/x"),
    ("POST", "/sagas/x/resume"),
    ("POST", "/sagas/x/compensation"),
]


async def get(world: World, path: str, **query: str) -> Answer:
    """As an administrator."""
    headers = world.issuer.bearer("ada", "admin")
    async with world.service.http.get(path, params=query, headers=headers) as response:
        return await Answer.of(response)


async def post(world: World, path: str, body: Any = None, key: str = "") -> Answer:
    headers = {**world.issuer.bearer("ada", "admin"), "Idempotency-Key": key or new_id()}
    async with world.service.http.post(path, json=body, headers=headers) as response:
        return await Answer.of(response)


async def authorizing(world: World) -> tuple[str, AuthorizePayment]:
    """An order that waits for its payment, and what was asked for it."""
    _, answer = await world.place()
    await world.inventory.next(ReserveStock)
    await world.here.say(StockReserved(order_id=answer["order_id"]))
    return answer["order_id"], await world.payment.next(AuthorizePayment)


async def store(world: World, count: int, **state: Any) -> list[str]:
    """Put orders in this state beside the others."""
    orders = [{**new_order().model_dump(), **state, "order_id": new_id()} for _ in range(count)]
    await world.here.db("order").orders.insert_many(
        [{"_id": order["order_id"], "order": order} for order in orders]
    )
    return [order["order_id"] for order in orders]


@pytest.mark.parametrize(("method", "path"), CALLS)
async def test_only_administrators_get_in(world: World, method: str, path: str) -> None:
    roles = ((None, 401), ("customer", 403), ("support", 403))
    for role, status in roles:
        headers = world.issuer.bearer("u1", role) if role else {}
        async with world.service.http.request(method, path, headers=headers) as response:
            assert response.status == status


async def test_a_saga_is_shown_with_its_stream(world: World) -> None:
    order_id, _ = await authorizing(world)
    page = (await get(world, f"/sagas/{order_id}")).body
    assert (page["saga"]["phase"], page["saga"]["status"], page["saga"]["stuck"]) == (
        "authorizing",
        "PENDING",
        False,
    )
    assert [(event["sequence"], event["type"]) for event in page["events"]] == [
        (1, "order_placed"),
        (2, "stock_held"),
    ]
    assert not {"lines", "shipping_address"} & page["events"][0]["details"].keys()
    assert (await get(world, "/sagas/unknown")).status == 404


async def test_what_is_broken_is_shown_as_far_as_it_can_be(world: World) -> None:
    order_id, _ = await authorizing(world)
    orders = world.here.db("order").orders
    await orders.update_one({"_id": order_id}, {"$set": {"order.phase": "lost"}})
    (listed,) = (await get(world, "/sagas")).body["items"]
    assert (listed["order_id"], listed["readable"], listed["stuck"]) == (order_id, False, True)
    for action, body in (("resume", None), ("compensation", {"reason": "broken"})):
        answer = await post(world, f"/sagas/{order_id}/{action}", body)
        assert (answer.status, answer.slug) == (409, "unreadable")
    await orders.delete_one({"_id": order_id})
    await world.here.db("order").order_events.update_one({"_id": f"{order_id}/2"}, {"$unset": {"event": 1}})
    page = (await get(world, f"/sagas/{order_id}")).body
    assert (page["saga"], page["events"][1]["type"]) == (None, "unknown")


async def test_sagas_that_are_not_over_are_listed_and_the_stuck_ones_found(world: World) -> None:
    now = utcnow()
    await store(world, 3, phase="ended", status="CANCELLED", wake_at=None)
    fine = await store(world, 2, wake_at=now + timedelta(hours=1))
    turned = {"phase": "compensating", "wake_at": now + timedelta(hours=2), "undo": ["stock"]}
    turning = await store(world, 2, **turned, compensating_since=now - timedelta(seconds=5))
    for_long = await store(world, 2, **turned, compensating_since=now - timedelta(seconds=50))

    async def listed(**query: str) -> list[str]:
        return [saga["order_id"] for saga in (await get(world, "/sagas", **query)).body["items"]]

    assert await listed() == [*fine, *sorted(turning + for_long)]
    assert await listed(stuck="true") == sorted(for_long)
    assert await listed(phase="reserving") == fine
    assert await listed(phase="compensating", stuck="true") == sorted(for_long)
    assert (await get(world, "/sagas", phase="dreaming")).status == 422

    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = (await get(world, "/sagas", limit="4", **({"cursor": cursor} if cursor else {}))).body
        seen += [saga["order_id"] for saga in page["items"]]
        cursor = page["next_cursor"]
    assert seen == await listed()


async def test_looking_for_sagas_reads_only_those_that_are_not_over(world: World) -> None:
    now = utcnow()
    await store(world, 500, phase="ended", wake_at=None)
    await store(world, 20, wake_at=now + timedelta(hours=1))
    await store(world, 5, wake_at=now + timedelta(hours=1), compensating_since=now - timedelta(hours=1))
    position = SagasPosition(wake_at=now, order_id="0")
    for wanted, after in (
        (SagasQuery(), None),
        (SagasQuery(stuck=True), None),
        (SagasQuery(stuck=True, phase="reserving"), None),
        (SagasQuery(phase="reserving"), position),
    ):
        conditions = unfinished(wanted, now - timedelta(seconds=30), after)
        order = [("order.wake_at", 1), ("_id", 1)]
        plan = await explain(world.here.db("order").orders, conditions, order, 100)
        assert plan.is_served_by_an_index, plan.stages
        assert plan.examined <= 25


async def test_resuming_asks_again_and_the_answer_moves_the_saga_once(world: World) -> None:
    order_id, first = await authorizing(world)
    answer = await post(world, f"/sagas/{order_id}/resume", key="once")
    assert (answer.status, answer.body["status"]) == (202, "PENDING")
    assert (await post(world, f"/sagas/{order_id}/resume", key="once")).body == answer.body
    assert await world.payment.next(AuthorizePayment) == first
    ids = {"order_id": order_id, "payment_id": first.payment_id}
    await world.here.say(PaymentAuthorized(**ids), PaymentAuthorized(**ids))
    await world.inventory.next(ConfirmStock)
    resumed = (await get(world, f"/sagas/{order_id}")).body["events"][2]
    assert (resumed["type"], resumed["details"]["by"]) == ("saga_resumed", "ada")
    assert (await world.replayed(order_id)).phase == "confirming"
    assert (world.inventory.waiting, world.payment.waiting) == (0, 0)


async def test_turning_back_undoes_everything_and_says_who_wanted_it(world: World) -> None:
    order_id, ask = await authorizing(world)
    answer = await post(world, f"/sagas/{order_id}/compensation", {"reason": "fraud"})
    assert (answer.status, answer.body["status"]) == (202, "PENDING")
    await world.inventory.next(ReleaseStock)
    await world.payment.next(VoidPayment)
    again = await post(world, f"/sagas/{order_id}/compensation", {"reason": "fraud"})
    assert (again.status, again.slug) == (409, "saga-too-late")
    assert (await post(world, f"/sagas/{order_id}/resume")).status == 202
    await world.inventory.next(ReleaseStock)
    await world.payment.next(VoidPayment)
    await world.here.say(StockReleased(order_id=order_id, restocked=False))
    await world.here.say(PaymentVoided(order_id=order_id, payment_id=ask.payment_id, refunded=False))

    async def ended() -> bool:
        return bool((await world.order(order_id))["status"] == "CANCELLED")

    await eventually(ended)
    page = (await get(world, f"/sagas/{order_id}")).body
    started = next(event for event in page["events"] if event["type"] == "cancellation_started")
    assert (started["details"]["by"], started["details"]["note"]) == ("ada", "fraud")
    assert page["saga"]["reason"] == "requested"
    for action, body in (("resume", None), ("compensation", {"reason": "late"})):
        refused = await post(world, f"/sagas/{order_id}/{action}", body)
        assert (refused.status, refused.slug) == (409, "saga-too-late")
    assert (await post(world, "/sagas/unknown/resume")).status == 404


async def test_late_sagas_are_woken_though_those_before_them_cannot_be_read(world: World) -> None:
    long_ago = utcnow() - timedelta(hours=1)
    await store(world, 60, phase="nonsense", wake_at=long_ago)
    late = await store(world, 3, wake_at=long_ago + timedelta(seconds=1))
    # Their streams are not there, so they begin to be with the deadline's event.
    released = [await world.inventory.next(ReleaseStock) for _ in late]
    assert {one.order_id for one in released} == set(late)


async def test_the_audit_is_told_what_was_done_and_what_was_refused(world: World) -> None:
    told = await world.here.listen(topology.OPERATIONS_AUDIT)
    order_id, _ = await authorizing(world)

    async def entry() -> tuple[str, tuple[str, ...], dict[str, str], str]:
        """The next one, which is of the administrator."""
        found = await told.next(OperatorActed)
        assert (found.user_id, found.roles) == ("ada", ("admin",))
        assert abs(utcnow() - found.at) < timedelta(minutes=1)
        return found.action, found.subjects, found.details, found.outcome

    for _ in range(2):
        assert (await post(world, f"/sagas/{order_id}/resume", key="once")).status == 202
    assert await entry() == ("resume", (order_id,), {}, "authorizing")
    fraud = {"reason": "fraud"}
    assert (await post(world, f"/sagas/{order_id}/compensation", fraud)).status == 202
    assert await entry() == ("compensate", (order_id,), fraud, "compensating")
    assert (await post(world, f"/sagas/{order_id}/compensation", fraud)).status == 409
    assert await entry() == ("compensate", (order_id,), fraud, "refused: saga-too-late")
    assert (await post(world, "/sagas/unknown/resume")).status == 404
    assert await entry() == ("resume", ("unknown",), {}, "refused: not-found")
    assert told.waiting == 0
