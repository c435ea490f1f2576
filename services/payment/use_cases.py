"""What can be done with payments: load, decide, save."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final

from services.chassis.envelope import Envelope
from services.chassis.errors import Invalid, NotFound
from services.chassis.identity import Caller
from services.chassis.mongo import Work
from services.payment.documents import LONG_AGO, SeenNotice, StoredPayment
from services.payment.domain import Call, Command, Fact, Operation, Payment
from services.payment.lifecycle import hear, obey, resume, wait
from services.payment.payments import POLICY, Payments
from services.payment.providers.port import Notice, Outcome

FACTS: Final[Mapping[tuple[Operation, Outcome], Fact]] = {
    ("authorize", Outcome.APPROVED): "authorized",
    ("authorize", Outcome.DECLINED): "declined",
    ("capture", Outcome.APPROVED): "captured",
    ("capture", Outcome.DECLINED): "capture_refused",
    ("void", Outcome.APPROVED): "voided",
    ("void", Outcome.DECLINED): "void_refused",
    ("refund", Outcome.APPROVED): "refunded",
}

Result = tuple[Call, Outcome | None]
"""A call and how the provider answered; None when it did not."""


async def carry_out(work: Work, envelopes: Sequence[Envelope[Command]], now: datetime) -> None:
    """Carry out commands in order: what has to be asked of a provider is asked when that is committed."""
    payments = Payments(work)
    await payments.load(envelope.message.payment_id for envelope in envelopes)
    for envelope in envelopes:
        known = payments.get(envelope.message.payment_id)
        payments.put(obey(known, envelope.message, now, work.app[POLICY]), envelope.origin)
    await payments.save()


async def take_results(work: Work, results: Sequence[Result], now: datetime) -> None:
    """Let providers' answers, and their silence, have their effect."""
    payments, policy = Payments(work), work.app[POLICY]
    await payments.load(call.payment_id for call, _ in results)
    for call, outcome in results:
        payment = payments.get(call.payment_id)
        if payment is None:
            continue
        fact = FACTS.get((call.operation, outcome)) if outcome else None
        if fact:
            payments.put(hear(payment, fact, now, policy))
        else:
            payments.put(wait(payment, call, now, policy, pending=outcome is Outcome.PENDING))
    await payments.save()


async def take_notice(work: Work, provider: str, notice: Notice, now: datetime) -> None:
    """Let a webhook have its effect, once. Raises NotFound, or Invalid when it tells of another amount."""
    seen = f"{provider}/{notice.event_id}"
    if await SeenNotice.get(seen, session=work.session):
        return
    await SeenNotice(id=seen, received_at=now).insert(session=work.session)
    payments = Payments(work)
    await payments.load([notice.payment_id])
    payment = payments.get(notice.payment_id)
    if payment is None or payment.terms is None or payment.terms.provider != provider:
        raise NotFound("there is no such payment")
    if payment.terms.amount != notice.amount:
        raise Invalid.field("amount", "not the amount of the payment")
    payments.put(hear(payment, notice.fact, now, work.app[POLICY]))
    await payments.save()


async def find_due(now: datetime, limit: int, without: Collection[str]) -> list[str]:
    """The ids of payments whose provider is to be asked something, the longest due first."""
    due = {"payment.intent.due_at": {"$gt": LONG_AGO, "$lte": now}, "_id": {"$nin": list(without)}}
    found = StoredPayment.get_pymongo_collection().find(due, {"_id": 1})
    return [one["_id"] async for one in found.sort("payment.intent.due_at").limit(limit)]


async def take_up(work: Work, payment_ids: Sequence[str], now: datetime) -> None:
    """Ask what is due of these payments, and what somebody who is gone was asking."""
    payments = Payments(work)
    await payments.load(payment_ids)
    for payment_id in payment_ids:
        if payment := payments.get(payment_id):
            payments.put(resume(payment, now, work.app[POLICY]))
    await payments.save()


async def get_payment(caller: Caller, payment_id: str) -> Payment:
    """One payment of the caller; support and admin see everyone's. Raises NotFound."""
    stored = await StoredPayment.get(payment_id)
    if stored is None or not _may_see(caller, stored.payment):
        raise NotFound("there is no such payment")
    return stored.payment


async def find_payments(caller: Caller, order_ids: Collection[str]) -> list[Payment]:
    """The payments of these orders, as far as the caller may see them."""
    found = StoredPayment.find({"payment.order_id": {"$in": list(order_ids)}})
    return [stored.payment async for stored in found if _may_see(caller, stored.payment)]


async def get_saga_payment(order_id: str) -> Payment:
    """The payment of an order, whosever it is. Raises NotFound while there is none."""
    stored = await StoredPayment.find_one({"payment.order_id": order_id})
    if stored is None:
        raise NotFound("there is no payment of this order")
    return stored.payment


def _may_see(caller: Caller, payment: Payment) -> bool:
    terms = payment.terms
    return terms is not None and (terms.user_id == caller.user_id or caller.is_staff)
