"""What the saga asks of payment, over the real bus and database, with every token of the sandbox."""

import asyncio
from pathlib import Path

import pytest

from services.contracts import topology
from services.contracts.payment import (
    PaymentAuthorized,
    PaymentCaptured,
    PaymentCaptureFailed,
    PaymentDeclined,
    PaymentVoided,
    SandboxToken,
)
from tests.parts import Corner, eventually
from tests.processes import instances
from tests.services.payment.conftest import Door, MakeSettings, StartPayment
from tests.services.payment.payments import authorize, capture, charge, void


@pytest.mark.parametrize(
    "token", ["tok_approve", "tok_flaky", "tok_slow", "tok_webhook_twice", "tok_webhook_early"]
)
async def test_what_is_approved_is_charged_once(
    token: SandboxToken, here: Corner, start_payment: StartPayment, door: Door
) -> None:
    await start_payment()
    saga = await here.listen(topology.ORDER_SAGA)
    await here.say(authorize("1", token), times=2)
    assert (await saga.next(PaymentAuthorized)).payment_id == "payment-1"
    await here.say(capture("1"), times=2)
    assert (await saga.next(PaymentCaptured)).order_id == "order-1"
    ledger = await charge(here, "1")
    assert ledger is not None
    assert (ledger["state"], len(ledger["captured"])) == ("captured", 1)
    webhooks = {"tok_slow": 1, "tok_webhook_twice": 2, "tok_webhook_early": 1}.get(token, 0)
    await eventually(lambda: len(door.passed) == webhooks)
    assert len({body for _, body in door.passed}) == min(webhooks, 1)
    assert saga.waiting == 0


async def test_what_is_declined_is_not_held(here: Corner, start_payment: StartPayment) -> None:
    await start_payment()
    saga = await here.listen(topology.ORDER_SAGA)
    await here.say(authorize("1", "tok_decline"), times=2)
    assert (await saga.next(PaymentDeclined)).reason == "declined"
    await here.say(void("1"), times=2)
    assert not (await saga.next(PaymentVoided)).refunded
    assert saga.waiting == 0


async def test_a_capture_that_fails_leaves_a_hold_that_can_be_voided(
    here: Corner, start_payment: StartPayment
) -> None:
    await start_payment()
    saga = await here.listen(topology.ORDER_SAGA)
    await here.say(authorize("1", "tok_capture_fails"))
    await saga.next(PaymentAuthorized)
    await here.say(capture("1"), times=2)
    await saga.next(PaymentCaptureFailed)
    await here.say(void("1"), times=2)
    assert not (await saga.next(PaymentVoided)).refunded
    ledger = await charge(here, "1")
    assert ledger is not None and ledger["state"] == "voided"


async def test_what_was_captured_is_refunded(here: Corner, start_payment: StartPayment) -> None:
    await start_payment()
    saga = await here.listen(topology.ORDER_SAGA)
    await here.say(authorize("1"))
    await saga.next(PaymentAuthorized)
    await here.say(capture("1"))
    await saga.next(PaymentCaptured)
    await here.say(void("1"), times=2)
    assert (await saga.next(PaymentVoided)).refunded
    ledger = await charge(here, "1")
    assert ledger is not None and len(ledger["refunded"]) == 1
    assert saga.waiting == 0


async def test_a_void_that_overtakes_its_authorization_refuses_it(
    here: Corner, start_payment: StartPayment
) -> None:
    await start_payment()
    saga = await here.listen(topology.ORDER_SAGA)
    await here.say(void("1"))
    await saga.next(PaymentVoided)
    await here.say(authorize("1"))
    await saga.next(PaymentDeclined)
    assert await charge(here, "1") is None


async def test_a_provider_that_never_answers_is_given_up_and_holds_nothing(
    here: Corner, start_payment: StartPayment
) -> None:
    await start_payment(provider_call_seconds=0.2, provider_pause_seconds=0.1)
    saga = await here.listen(topology.ORDER_SAGA)
    await here.say(authorize("1", "tok_timeout"), times=2)
    assert (await saga.next(PaymentDeclined)).reason == "timeout"
    ledger = await charge(here, "1")
    assert ledger is not None
    assert (ledger["state"], ledger["attempts"]) == ("voided", 3)


async def test_those_who_wait_block_nobody(here: Corner, start_payment: StartPayment) -> None:
    await start_payment(provider_call_seconds=60.0, provider_lease_seconds=120.0)
    saga = await here.listen(topology.ORDER_SAGA)
    await here.say(*(authorize(f"slow-{n}", "tok_timeout") for n in range(60)), authorize("quick"))
    assert (await saga.next(PaymentAuthorized)).payment_id == "payment-quick"


async def test_a_void_while_the_provider_hesitates_ends_it_and_its_webhook_comes_too_late(
    here: Corner, start_payment: StartPayment, door: Door
) -> None:
    await start_payment()
    saga = await here.listen(topology.ORDER_SAGA)
    await here.say(authorize("1", "tok_slow"))

    async def hesitates() -> bool:
        stored = await here.db("payment").payments.find_one({"payment.status": "processing"})
        return stored is not None

    await eventually(hesitates)
    await here.say(void("1"))
    assert not (await saga.next(PaymentVoided)).refunded
    await eventually(lambda: len(door.passed) == 1)

    async def rests() -> bool:
        stored = await here.db("payment").payments.find_one({"_id": "payment-1"})
        return stored is not None and stored["payment"]["intent"] is None

    await eventually(rests)
    ledger = await charge(here, "1")
    assert ledger is not None and ledger["state"] == "voided"
    assert saga.waiting == 0


async def test_two_instances_charge_each_payment_once(
    here: Corner, start_payment: StartPayment, settings: MakeSettings, tmp_path: Path
) -> None:
    few = {"prefetch": 3, "batch_size": 3}
    await start_payment(**few)
    saga = await here.listen(topology.ORDER_SAGA)
    names = [str(n) for n in range(40)]
    async with instances(settings(**few), 1, tmp_path):
        await asyncio.gather(*(here.say(authorize(name), times=2) for name in names))
        for _ in names:
            await saga.next(PaymentAuthorized)
        await asyncio.gather(*(here.say(capture(name), times=2) for name in names))
        for _ in names:
            await saga.next(PaymentCaptured)
    charges = [found async for found in here.db("payment").sandbox_ledger.find()]
    assert len(charges) == 40
    for found in charges:
        assert (found["state"], len(found["authorized"]), len(found["captured"])) == ("captured", 1, 1)
    assert saga.waiting == 0
