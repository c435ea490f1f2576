"""Webhooks: only those that the provider signed, each once, and never the last word when they come late."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from services.contracts import topology
from services.contracts.payment import PaymentAuthorized, PaymentDeclined, PaymentVoided
from services.payment.providers.signature import HEADER, sign
from tests.instances import Instance
from tests.parts import Corner, eventually
from tests.services.payment.conftest import SECRET, Door, StartPayment
from tests.services.payment.payments import AMOUNT, authorize, charge, void


def event(**changes: Any) -> bytes:
    body = {
        "event_id": "e1",
        "type": "payment.authorized",
        "payment_id": "payment-1",
        "amount": AMOUNT.model_dump(),
        "occurred_at": datetime.now(UTC),
    }
    return orjson.dumps({**body, **changes})


async def send(app: Instance, body: bytes, signature: str | None = None, provider: str = "sandbox") -> int:
    """The status of the answer; signed well unless it is said otherwise."""
    headers = {HEADER: sign(SECRET, body, datetime.now(UTC)) if signature is None else signature}
    async with app.http.post(f"/webhooks/{provider}", data=body, headers=headers) as answer:
        return answer.status


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "nonsense",
        f"t=1,v1={'0' * 64}",
        sign("a secret of somebody else", event(), datetime.now(UTC)),
        sign(SECRET, b"another body", datetime.now(UTC)),
        sign(SECRET, event(), datetime.now(UTC) - timedelta(seconds=301)),
        sign(SECRET, event(), datetime.now(UTC) + timedelta(seconds=400)),
    ],
)
async def test_what_is_not_signed_well_is_refused(signature: str, start_payment: StartPayment) -> None:
    app = await start_payment()
    assert await send(app, event(), signature) == 401


async def test_what_cannot_be_understood_is_refused(start_payment: StartPayment) -> None:
    app = await start_payment()
    assert await send(app, event(), provider="nobody") == 404
    assert await send(app, b"{") == 400
    assert await send(app, event(amount={"amount": -1, "currency": "USD"})) == 422
    assert await send(app, event(payment_id="payment-of-nobody")) == 404
    assert await send(app, event(type="payment.something_new")) == 200


async def test_the_provider_may_answer_by_webhook_alone_and_repeat_itself(
    here: Corner, start_payment: StartPayment
) -> None:
    app = await start_payment()
    saga = await here.listen(topology.ORDER_SAGA)
    await here.say(authorize("1", "tok_timeout"))
    await eventually(lambda: charge(here, "1"))
    assert await send(app, event(amount={"amount": 1, "currency": "USD"})) == 422
    assert await send(app, event()) == 200
    await saga.next(PaymentAuthorized)
    assert await send(app, event()) == 200
    assert await send(app, event(event_id="e2")) == 200
    await here.say(void("1"))
    await saga.next(PaymentVoided)
    assert saga.waiting == 0


async def test_a_webhook_that_declines(here: Corner, start_payment: StartPayment) -> None:
    app = await start_payment()
    saga = await here.listen(topology.ORDER_SAGA)
    await here.say(authorize("1", "tok_timeout"))
    await eventually(lambda: charge(here, "1"))
    assert await send(app, event(type="payment.declined")) == 200
    assert (await saga.next(PaymentDeclined)).reason == "declined"


async def test_a_webhook_is_sent_until_somebody_takes_it(
    here: Corner, start_payment: StartPayment, door: Door
) -> None:
    await start_payment(provider_pending_seconds=30)
    behind, door.target = door.target, None
    saga = await here.listen(topology.ORDER_SAGA)
    await here.say(authorize("1", "tok_webhook_twice"))

    async def was_refused() -> bool:
        return await here.db("payment").sandbox_webhooks.find_one({"attempts": {"$gte": 2}}) is not None

    await eventually(was_refused)
    door.target = behind
    await saga.next(PaymentAuthorized)

    async def nothing_is_left() -> bool:
        return await here.db("payment").sandbox_webhooks.find_one() is None

    await eventually(nothing_is_left)
    assert len(door.passed) == 2
