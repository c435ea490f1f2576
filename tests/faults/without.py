"""Run a service of ours with one of its safeguards switched off: `python -m tests.faults.without inbox services.order`.

The suite has to notice. What is switched off is replaced from outside; the services know nothing of it.
"""

import runpy
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

from aio_pika.exceptions import AMQPError

from services.chassis import messaging, outbox
from services.chassis.clock import utcnow
from services.chassis.envelope import Envelope, new_id
from services.chassis.inbox import Handler
from services.chassis.mongo import Database, Work
from services.chassis.outbox import Parcel, Row
from services.chassis.relay import Relay
from services.contracts.inventory import StockReleased
from services.contracts.payment import PaymentVoided
from services.inventory import domain
from services.inventory.domain import Decision, Reservation, Stock
from services.payment import domain as payments
from services.payment import lifecycle
from services.payment.domain import Payment, Policy


def no_inbox() -> None:
    """A message that comes twice has its effect twice."""

    async def every_time(
        database: Database, _queue: str, envelopes: Sequence[Envelope[Any]], handler: Handler
    ) -> Sequence[Envelope[Any]]:
        async def body(work: Work) -> None:
            await handler(work, envelopes)

        await database.transaction(body)
        return envelopes

    _replace(messaging, "once", every_time)


def no_outbox() -> None:
    """Messages are sent right after the commit, and stored nowhere: one that cannot leave is lost."""

    async def do_not_store(_db: object, lane: str, rows: Sequence[Row], _session: object) -> list[Parcel]:
        return [Parcel(new_id(), lane, tuple(rows), utcnow())] if rows else []

    async def just_send(relay: Relay, parcels: Iterable[Parcel]) -> None:
        for row in [row for parcel in parcels for row in parcel.rows]:
            with suppress(AMQPError, ConnectionError, TimeoutError):
                await relay._bus.publish(row)

    _replace(outbox, "store", do_not_store)
    _replace(Relay, "_publish", just_send)


def no_release() -> None:
    """Stock that is to be released stays where it is, and whoever asked is told that it was released."""

    def only_say(order_id: str, known: Reservation | None, _shelf: Mapping[str, Stock]) -> Decision:
        reservation = known or Reservation(order_id=order_id, state="released")
        said = reservation.model_copy(update={"version": reservation.version + 1})
        return Decision(said, (), StockReleased(order_id=order_id, restocked=False))

    _replace(domain, "_release", only_say)


def no_void() -> None:
    """Money that is to be given back is kept, and whoever asked is told that it was given back."""

    def only_say(payment: Payment, now: datetime, _policy: Policy) -> payments.Decision:
        said = PaymentVoided(payment_id=payment.payment_id, order_id=payment.order_id, refunded=False)
        return payments.Decision(lifecycle._become(payment, now), (said,))

    _replace(lifecycle, "_void", only_say)


SAFEGUARDS: Final[Mapping[str, Callable[[], None]]] = {
    "inbox": no_inbox,
    "outbox": no_outbox,
    "release": no_release,
    "void": no_void,
}


def _replace(owner: object, name: str, other: Callable[..., object]) -> None:
    """Raises AttributeError when there is nothing of that name to replace."""
    getattr(owner, name)
    setattr(owner, name, other)


if __name__ == "__main__":
    _, safeguard, module = sys.argv
    SAFEGUARDS[safeguard]()
    sys.argv = [module]
    runpy.run_module(module, run_name="__main__")
