"""The payments that one unit of work looks at, and what becomes of them."""

from collections.abc import Callable, Iterable, Sequence

from aiohttp import web

from services.chassis.envelope import Origin
from services.chassis.mongo import Work
from services.payment.documents import StoredPayment
from services.payment.domain import Call, Decision, Payment, Policy, begun

POLICY = web.AppKey("POLICY", Policy)
BEGIN: web.AppKey[Callable[[Sequence[Call]], None]] = web.AppKey("BEGIN")
"""Makes calls to providers, soon and outside any transaction."""


class Payments:
    """Loads many at once and writes them at once, so that a batch costs a constant number of round trips."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._stored: dict[str, Payment] = {}
        self._payments: dict[str, Payment] = {}
        self._origins: dict[str, Origin | None] = {}

    async def load(self, payment_ids: Iterable[str]) -> None:
        """Read these payments; where there is none, none is known."""
        wanted = {"_id": {"$in": sorted(set(payment_ids))}}
        found = StoredPayment.get_pymongo_collection().find(wanted, session=self._work.session)
        async for document in found:
            payment = Payment.model_validate(document["payment"])
            self._stored[payment.payment_id] = self._payments[payment.payment_id] = payment
            self._origins[payment.payment_id] = Origin(**document["origin"]) if document["origin"] else None

    def get(self, payment_id: str) -> Payment | None:
        """The payment as it is after what was decided."""
        return self._payments.get(payment_id)

    def put(self, decision: Decision, origin: Origin | None = None) -> None:
        """Take a decision over and say what it says, because of `origin` or of the last message before."""
        payment = decision.payment
        self._payments[payment.payment_id] = payment
        cause = origin or self._origins.get(payment.payment_id)
        self._origins[payment.payment_id] = cause
        self._work.emit(f"payment/{payment.payment_id}", payment.version, *decision.said, origin=cause)

    async def save(self) -> None:
        """Write what has changed; the calls that follow from it are begun when that is committed."""
        changed = [p for p in self._payments.values() if p != self._stored.get(p.payment_id)]
        if not changed:
            return
        writes = [StoredPayment.write(payment, self._origins[payment.payment_id]) for payment in changed]
        await StoredPayment.get_pymongo_collection().bulk_write(writes, session=self._work.session)
        calls = [call for p in changed if (call := begun(self._stored.get(p.payment_id), p))]
        if calls:
            self._work.after_commit(lambda: self._work.app[BEGIN](calls))
