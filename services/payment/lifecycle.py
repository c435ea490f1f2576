"""What becomes of a payment: by command, by what the provider says, and by what it does not say.

The one thing that must never happen is to keep money that nobody owes. So whatever cannot be known for certain is
given back at the provider, and what is heard too late is given back by itself.
"""

from datetime import datetime
from typing import Literal

from services.contracts.payment import (
    AuthorizePayment,
    CapturePayment,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentCaptureFailed,
    PaymentDeclined,
    PaymentVoided,
    VoidPayment,
)
from services.payment.domain import (
    Answer,
    Call,
    Command,
    Decision,
    Fact,
    Intent,
    Operation,
    Payment,
    Policy,
    Status,
    Step,
    Terms,
)


def obey(known: Payment | None, command: Command, now: datetime, policy: Policy) -> Decision:
    """Carry out a command of the order's saga."""
    match command:
        case AuthorizePayment():
            return _authorize(known, command, now, policy)
        case CapturePayment():
            return _capture(known or _tombstone(command, now), now, policy)
        case VoidPayment():
            return _void(known or _tombstone(command, now), now, policy)


def hear(payment: Payment, fact: Fact, now: datetime, policy: Policy) -> Decision:
    """What follows from what the provider says, by answer or by webhook, in whatever order it comes."""
    if payment.terms is None:
        return Decision(payment)
    match fact:
        case "authorized":
            return _authorized(payment, now, policy)
        case "captured":
            return _captured(payment, now, policy)
        case "refunded" if payment.asks("refund") or payment.status == "captured":
            return _settled(payment, "refunded", now)
        case "voided" if payment.asks("void"):
            return _settled(payment, "voided", now)
        case "void_refused" if payment.asks("void"):
            return _captured(payment, now, policy)
        case "declined" if payment.asks("authorize"):
            return _settled(payment, "voided" if payment.owes == "void" else "declined", now)
        case "capture_refused" if payment.asks("capture"):
            return _capture_failed(payment, now, policy)
        case _:
            return Decision(payment)


def wait(payment: Payment, call: Call, now: datetime, policy: Policy, *, pending: bool) -> Decision:
    """What follows from an attempt that gave no answer, or only that the provider will answer later (`pending`)."""
    intent = payment.intent
    if intent is None or (intent.number, intent.attempts) != (call.number, call.attempts):
        return Decision(payment)
    if not payment.gives_back:
        if payment.owes == "void":
            return Decision(_give_back(payment, now, policy))
        if not pending and intent.attempts >= policy.attempts:
            return _give_up(payment, now, policy)
    pause = policy.pending_pause if pending else policy.pause_after(intent.attempts)
    later = intent.model_copy(update={"due_at": now + pause, "in_flight": False})
    status: Status = "processing" if payment.status == "pending" else payment.status
    return Decision(_become(payment, now, status=status, intent=later))


def resume(payment: Payment, now: datetime, policy: Policy) -> Decision:
    """Take up what is due: a pause is over, or whoever was asking is gone."""
    intent = payment.intent
    if intent is None or intent.due_at > now:
        return Decision(payment)
    if not payment.gives_back:
        if payment.owes == "void":
            return Decision(_give_back(payment, now, policy))
        if intent.attempts >= policy.attempts:
            return _give_up(payment, now, policy)
    again = {"attempts": intent.attempts + 1, "due_at": now + policy.lease, "in_flight": True}
    return Decision(_become(payment, now, intent=intent.model_copy(update=again)))


def _authorize(known: Payment | None, command: AuthorizePayment, now: datetime, policy: Policy) -> Decision:
    if known is None:
        method = command.method
        terms = Terms(
            user_id=command.user_id, amount=command.amount, provider=method.provider, token=method.token
        )
        return Decision(
            _ask(_new(command, "pending", terms, now), "authorize", now, policy, owes="authorization")
        )
    if known.owes in ("authorization", "void"):
        return Decision(known)
    said = _become(known, now)
    if known.status in ("authorized", "captured"):
        return Decision(said, (PaymentAuthorized(**_ids(known)),))
    return Decision(said, (_declined(known),))


def _capture(payment: Payment, now: datetime, policy: Policy) -> Decision:
    if payment.owes in ("capture", "void"):
        return Decision(payment)
    if payment.status == "authorized" and not payment.capture_failed:
        return Decision(_ask(payment, "capture", now, policy, owes="capture"))
    said = _become(payment, now)
    if payment.status == "captured" and not payment.capture_failed:
        return Decision(said, (PaymentCaptured(**_ids(payment)),))
    return Decision(said, (PaymentCaptureFailed(**_ids(payment)),))


def _void(payment: Payment, now: datetime, policy: Policy) -> Decision:
    if payment.status in ("declined", "voided", "refunded"):
        return Decision(_become(payment, now), (_voided(payment),))
    if payment.owes == "void":
        return Decision(payment)
    owing = _become(payment, now, owes="void")
    # What is being asked right now may be done before the provider hears of giving it back: its answer comes first.
    if payment.gives_back or (payment.intent and payment.intent.in_flight):
        return Decision(owing)
    return Decision(_give_back(owing, now, policy))


def _authorized(payment: Payment, now: datetime, policy: Policy) -> Decision:
    if payment.status in ("declined", "voided") and payment.intent is None:
        return Decision(_give_back(payment, now, policy))
    if not payment.asks("authorize"):
        return Decision(payment)
    held = _become(payment, now, status="authorized", intent=None)
    if payment.owes == "void":
        return Decision(_give_back(held, now, policy))
    return _told(held, PaymentAuthorized(**_ids(held)))


def _captured(payment: Payment, now: datetime, policy: Policy) -> Decision:
    if payment.status in ("captured", "refunded") or payment.asks("refund"):
        return Decision(payment)
    if payment.status in ("declined", "voided"):
        return Decision(_ask(payment, "refund", now, policy))
    taken = _become(payment, now, status="captured", intent=None)
    if payment.owes == "void":
        return Decision(_give_back(taken, now, policy))
    match payment.owes:
        case "authorization":
            return _told(taken, PaymentAuthorized(**_ids(taken)))
        case "capture":
            return _told(taken, PaymentCaptured(**_ids(taken)))
        case _:
            return Decision(taken)


def _capture_failed(payment: Payment, now: datetime, policy: Policy) -> Decision:
    if payment.owes == "void":
        return Decision(_give_back(payment, now, policy))
    failed = _become(payment, now, intent=None, capture_failed=True)
    return _told(failed, PaymentCaptureFailed(**_ids(failed)))


def _give_up(payment: Payment, now: datetime, policy: Policy) -> Decision:
    """The provider has not answered for too long. What it may have done all the same is given back."""
    if payment.asks("capture"):
        return _capture_failed(payment, now, policy)
    return Decision(_give_back(_become(payment, now, timed_out=True), now, policy))


def _give_back(payment: Payment, now: datetime, policy: Policy) -> Payment:
    return _ask(payment, "refund" if payment.status == "captured" else "void", now, policy)


def _settled(payment: Payment, status: Literal["declined", "voided", "refunded"], now: datetime) -> Decision:
    """Nothing is held or taken any more: what is owed to the order can be said."""
    if payment.owes == "authorization" and status == "voided":
        status = "declined"
    # What was given back because it came too late stays what it was, unless money moved.
    final = payment.status if payment.status in ("declined", "voided") and status == "voided" else status
    ended = _become(payment, now, status=final, intent=None)
    match payment.owes:
        case "authorization":
            return _told(ended, _declined(ended))
        case "void":
            return _told(ended, _voided(ended))
        case _:
            return Decision(ended)


def _told(payment: Payment, answer: Answer) -> Decision:
    return Decision(payment.model_copy(update={"owes": None}), (answer,))


def _declined(payment: Payment) -> PaymentDeclined:
    return PaymentDeclined(**_ids(payment), reason="timeout" if payment.timed_out else "declined")


def _voided(payment: Payment) -> PaymentVoided:
    return PaymentVoided(**_ids(payment), refunded=payment.status == "refunded")


def _ids(payment: Payment) -> dict[str, str]:
    return {"payment_id": payment.payment_id, "order_id": payment.order_id}


def _tombstone(command: CapturePayment | VoidPayment, now: datetime) -> Payment:
    """For a payment that is ended before it was begun: it refuses to be authorized."""
    return _new(command, "voided", None, now)


def _new(command: Command, status: Status, terms: Terms | None, now: datetime) -> Payment:
    return Payment(
        payment_id=command.payment_id,
        order_id=command.order_id,
        status=status,
        terms=terms,
        timeline=(Step(status=status, at=now),),
        updated_at=now,
    )


def _ask(payment: Payment, operation: Operation, now: datetime, policy: Policy, **changes: object) -> Payment:
    """Want something of the provider, beginning at once."""
    number = payment.operations + 1
    intent = Intent(operation=operation, number=number, attempts=1, due_at=now + policy.lease, in_flight=True)
    return _become(payment, now, intent=intent, operations=number, **changes)


def _become(payment: Payment, now: datetime, **changes: object) -> Payment:
    changed = payment.model_copy(update={**changes, "version": payment.version + 1, "updated_at": now})
    if changed.status != payment.status:
        step = Step(status=changed.status, at=now)
        changed = changed.model_copy(update={"timeline": (*payment.timeline, step)})
    if changed.terms is not None and changed.terms.token and not changed.asks("authorize"):
        changed = changed.model_copy(update={"terms": changed.terms.model_copy(update={"token": ""})})
    return changed
