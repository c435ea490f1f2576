"""Who sees which payment, and how MongoDB finds it."""

from typing import Any

import pytest

from services.chassis.clock import utcnow
from services.contracts import topology
from services.contracts.payment import PaymentAuthorized, PaymentCaptured, PaymentVoided
from services.payment.documents import LONG_AGO
from tests.parts import Corner
from tests.plans import explain
from tests.services.payment.conftest import StartPayment
from tests.services.payment.payments import authorize, capture, void
from tests.tokens import Issuer


async def test_the_owner_and_the_staff_see_a_payment(
    here: Corner, start_payment: StartPayment, issuer: Issuer
) -> None:
    app = await start_payment()
    saga = await here.listen(topology.ORDER_SAGA)
    await here.say(void("2"))
    await saga.next(PaymentVoided)
    await here.say(authorize("1"))
    await saga.next(PaymentAuthorized)
    await here.say(capture("1"))
    await saga.next(PaymentCaptured)

    async def get(path: str, **headers: str) -> tuple[int, dict[str, Any]]:
        async with app.http.get(path, headers=headers) as answer:
            return answer.status, await answer.json()

    ann, bob, staff = issuer.bearer("ann"), issuer.bearer("bob"), issuer.bearer("eve", "support")
    status, payment = await get("/payments/payment-1", **ann)
    assert status == 200
    assert payment["status"] == "captured"
    assert payment["amount"] == payment["captured"] == {"amount": 4200, "currency": "USD"}
    assert payment["refunded"] == {"amount": 0, "currency": "USD"}
    assert [step["status"] for step in payment["timeline"]] == ["pending", "authorized", "captured"]
    assert "tok_" not in str(payment)
    assert (await get("/payments/payment-1", **staff))[0] == 200
    assert (await get("/payments/payment-1", **bob))[0] == 404
    assert (await get("/payments/payment-2", **staff))[0] == 404
    assert (await get("/payments/payment-1"))[0] == 401

    both = "/payments?order_ids=order-1,order-2"
    assert [one["order_id"] for one in (await get(both, **ann))[1]["items"]] == ["order-1"]
    assert (await get(both, **bob))[1]["items"] == []
    assert (await get("/payments?order_ids=" + ",".join(map(str, range(101))), **ann))[0] == 422
    assert (await get("/payments", **ann))[0] == 422


@pytest.mark.parametrize(
    ("collection", "wanted", "sort", "returned"),
    [
        ("payments", {"_id": {"$in": ["p1", "p2"]}}, [], 2),
        ("payments", {"payment.order_id": {"$in": ["o1", "o2"]}}, [], 2),
        (
            "payments",
            {"payment.intent.due_at": {"$gt": LONG_AGO, "$lte": utcnow()}},
            [("payment.intent.due_at", 1)],
            10,
        ),
        ("sandbox_webhooks", {"due_at": {"$lte": utcnow()}}, [("due_at", 1)], 10),
    ],
)
async def test_every_query_is_served_by_an_index(
    collection: str,
    wanted: dict[str, Any],
    sort: list[tuple[str, int]],
    returned: int,
    here: Corner,
    start_payment: StartPayment,
) -> None:
    await start_payment(sweep_seconds=3600)
    due, later = LONG_AGO.replace(year=2000), LONG_AGO.replace(year=2100)
    rows = [
        {
            "_id": f"p{n}",
            "payment": {"order_id": f"o{n}", "intent": {"due_at": due} if n % 10 == 0 else None},
            "due_at": later,
        }
        for n in range(1000)
    ]
    await here.db("payment")[collection].insert_many(rows)
    if collection == "sandbox_webhooks":
        wanted, returned = {"due_at": {"$lte": later}}, 10
    plan = await explain(here.db("payment")[collection], wanted, sort, 10)
    assert plan.is_served_by_an_index, plan.stages
    assert plan.returned == returned
    assert plan.examined <= 2 * returned


async def test_operators_see_a_payment_with_what_is_being_asked(
    here: Corner, start_payment: StartPayment, issuer: Issuer
) -> None:
    app = await start_payment()
    saga = await here.listen(topology.ORDER_SAGA)
    await here.say(authorize("1", "tok_timeout"), void("2"))
    await saga.next(PaymentVoided)

    async def get(order_id: str, *roles: str) -> tuple[int, dict[str, Any]]:
        async with app.http.get(f"/sagas/{order_id}", headers=issuer.bearer("eve", *roles)) as answer:
            return answer.status, await answer.json()

    assert (await get("order-1", "support"))[0] == 403
    assert (await get("unknown", "admin"))[0] == 404
    status, payment = await get("order-1", "admin")
    assert (status, payment["status"], payment["owes"]) == (200, "pending", "authorization")
    assert payment["asking"]["operation"] == "authorize"
    status, tombstone = await get("order-2", "admin")
    assert (status, tombstone["status"], tombstone["amount"]) == (200, "voided", None)
