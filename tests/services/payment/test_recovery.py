"""What a process that dies leaves between the intent and its result, others take up."""

from datetime import timedelta
from pathlib import Path

from services.chassis.clock import utcnow
from services.contracts import topology
from services.contracts.payment import PaymentAuthorized, PaymentCaptured, PaymentDeclined
from services.payment.documents import StoredPayment
from services.payment.domain import Policy
from services.payment.lifecycle import obey
from tests.parts import Corner, eventually
from tests.processes import instances
from tests.services.payment.conftest import MakeSettings, StartPayment
from tests.services.payment.payments import authorize, capture, charge

PATIENT = Policy(
    lease=timedelta(seconds=1),
    attempts=3,
    pause=timedelta(seconds=1),
    pending_pause=timedelta(seconds=5),
    longest_pause=timedelta(seconds=60),
)


async def test_what_was_stored_but_never_asked_is_asked(here: Corner, start_payment: StartPayment) -> None:
    await start_payment()
    saga = await here.listen(topology.ORDER_SAGA)
    wanted = obey(None, authorize("1"), utcnow(), PATIENT).payment
    await here.db("payment").payments.bulk_write([StoredPayment.write(wanted, None)])
    assert (await saga.next(PaymentAuthorized)).payment_id == "payment-1"


async def test_what_was_asked_but_never_stored_is_not_charged_again(
    here: Corner, start_payment: StartPayment
) -> None:
    await start_payment()
    saga = await here.listen(topology.ORDER_SAGA)
    await here.say(authorize("1"))
    await saga.next(PaymentAuthorized)
    before = await here.db("payment").payments.find_one({"_id": "payment-1"})
    assert before is not None
    await here.say(capture("1"))
    await saga.next(PaymentCaptured)

    # As if the process that captured had died before it could write that down.
    taken = await here.db("payment").payments.find_one({"_id": "payment-1"})
    assert taken is not None
    asked = {
        "operation": "capture",
        "number": 2,
        "attempts": 1,
        "due_at": utcnow(),
        "in_flight": True,
    }
    lost = {**before["payment"], "owes": "capture", "operations": 2, "intent": asked}
    lost["version"] = taken["payment"]["version"] + 1
    await here.db("payment").payments.update_one({"_id": "payment-1"}, {"$set": {"payment": lost}})

    await saga.next(PaymentCaptured)
    ledger = await charge(here, "1")
    assert ledger is not None and len(ledger["captured"]) == 1


async def test_a_payment_whose_process_is_killed_goes_on_in_another(
    here: Corner, start_payment: StartPayment, settings: MakeSettings, tmp_path: Path
) -> None:
    patient = {"provider_call_seconds": 5, "provider_lease_seconds": 1}
    async with instances(settings(**patient), 1, tmp_path) as supervisor:
        await here.say(authorize("silent", "tok_timeout"), authorize("slow", "tok_slow"))

        async def both_are_asked() -> bool:
            return await here.db("payment").sandbox_ledger.count_documents({}) == 2

        await eventually(both_are_asked)
        supervisor.kill("payment-1")
        await start_payment(provider_call_seconds=0.2, provider_lease_seconds=1, provider_pause_seconds=0.1)
        saga = await here.listen(topology.ORDER_SAGA)
        told = {(incoming.type, incoming.body) for incoming in (await saga.raw(), await saga.raw())}
        assert told == {
            (answer.kind, answer.model_dump_json().encode())
            for answer in (
                PaymentAuthorized(payment_id="payment-slow", order_id="order-slow"),
                PaymentDeclined(payment_id="payment-silent", order_id="order-silent", reason="timeout"),
            )
        }
        held = await charge(here, "silent")
        assert held is not None and held["state"] == "voided"


async def test_payments_are_taken_up_though_those_before_them_cannot_be_read(
    here: Corner, start_payment: StartPayment
) -> None:
    await start_payment()
    saga = await here.listen(topology.ORDER_SAGA)
    odd = {"intent": {"due_at": utcnow() - timedelta(hours=1)}}
    await here.db("payment").payments.insert_many(
        [{"_id": f"odd-{number}", "payment": odd, "origin": None} for number in range(120)]
    )
    wanted = obey(None, authorize("1"), utcnow(), PATIENT).payment
    await here.db("payment").payments.bulk_write([StoredPayment.write(wanted, None)])
    assert (await saga.next(PaymentAuthorized)).payment_id == "payment-1"
