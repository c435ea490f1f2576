"""What goes on at the shop while something goes wrong: bursts of orders, people who look, sign in, count and cancel.

Everything goes through Envoy. What must not be lost is sent until it is answered, and written down by who sent it.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, Final
from uuid import uuid4

from aiohttp import ClientError
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_delay, wait_exponential_jitter

from scripts.load.customers import Customer, Customers
from scripts.load.loops import open_loop
from scripts.load.placing import ORDERS, PATIENCE, TOO_MANY, Placement, Placing
from scripts.load.record import Record
from scripts.load.wishes import Wish
from tests.faults.plan import Errands, Plan
from tests.faults.seen import Ordered, Seen

BURST: Final = 4
"""Orders that are sent at once: one by one, there would hardly ever be several in flight."""
_SIGN_IN_SECONDS: Final = 20.0


class Traffic:
    """The shop's customers and its staff, who do what is planned."""

    def __init__(self, customers: Customers, staff: Customer, wishes: Sequence[Wish], record: Record) -> None:
        self.in_flight = 0
        self.seen = Seen()
        self._customers = customers
        self._staff = staff
        self._wishes = wishes
        self._record = record
        self._changed = asyncio.Event()
        self._over = False

    async def run(self, rate: float, plan: Plan) -> None:
        """Send so many orders a second, and all the rest, until it is told to stop; then wait for the answers."""
        self.seen, self._over = Seen(), False
        await open_loop(partial(self._burst, plan), self._bursts(), rate / BURST)

    def stop(self) -> None:
        """Begin nothing new."""
        self._over = True

    async def until_busy(self, requests: int) -> None:
        """Return when so many requests are in flight."""
        await self._until(lambda: self.in_flight >= requests)

    async def until_placed(self, orders: int) -> None:
        """Return when so many orders were answered, or given up."""
        await self._until(lambda: len(self.seen.orders) >= orders)

    async def _until(self, reached: Callable[[], bool]) -> None:
        while not reached():
            self._changed.clear()
            await self._changed.wait()

    async def sign_in_staff(self) -> None:
        """Get the staff a fresh token, as patiently as a customer would. Raises ClientError, TimeoutError."""
        login = self._staff.login.model_dump()
        patiently = AsyncRetrying(
            wait=wait_exponential_jitter(0.2, 2.0),
            stop=stop_after_delay(_SIGN_IN_SECONDS),
            retry=retry_if_exception_type((ClientError, TimeoutError)),
            reraise=True,
        )
        async for attempt in patiently:
            with attempt:
                async with self._customers.http.post(
                    "/api/v1/auth/login", json=login, raise_for_status=True
                ) as response:
                    self._staff.take(await response.json())

    def _bursts(self) -> Iterator[int]:
        """The number of the first order of each."""
        number = 0
        while not self._over:
            yield number
            number += BURST

    async def _burst(self, plan: Plan, number: int) -> None:
        wanted = [(self._wish(plan.first + n), plan.thinks_better(n)) for n in range(number, number + BURST)]
        errands = self._errands(wanted[0][0], plan.errands(number))
        await asyncio.gather(*(self._place(wish, seconds) for wish, seconds in wanted), *errands)

    def _wish(self, number: int) -> Wish:
        return self._wishes[number % len(self._wishes)]

    def _errands(self, wish: Wish, errands: Errands) -> Iterator[Awaitable[None]]:
        sku = next(iter(wish.items))
        yield self._look(sku)
        yield self._count(sku, errands.counted)
        if errands.signs_in:
            yield self._sign_in(self._customers[wish.customer])

    async def _place(self, wish: Wish, cancelled_after: float | None) -> None:
        placed: list[Placement] = []
        with self._flying():
            await Placing(self._customers, placed.append)(wish)
            self._record.add(placed[0])
            ordered = _ordered(placed[0])
            self.seen.orders.append(ordered)
        if ordered.order_id and cancelled_after is not None:
            await asyncio.sleep(cancelled_after)
            await self._cancel(self._customers[wish.customer], ordered.order_id)

    async def _cancel(self, customer: Customer, order_id: str) -> None:
        """409 is an answer as good as any: it was too late."""
        body = {"reason": "thought better of it"}
        if (
            await self._insist(f"{ORDERS}/{order_id}/cancellation", customer, uuid4().hex, body, (202, 409))
            == 202
        ):
            self.seen.cancelled.append(order_id)

    async def _count(self, sku: str, pieces: int) -> None:
        key = uuid4().hex
        self.seen.counted[key] = False
        body = {"delta": pieces, "reason": key}
        status = await self._insist(f"/api/v1/inventory/{sku}/adjustments", self._staff, key, body, (200,))
        self.seen.counted[key] = status == 200

    async def _look(self, sku: str) -> None:
        await self._ask("GET", f"/api/v1/products/{sku}", (200,))

    async def _sign_in(self, customer: Customer) -> None:
        await self._ask("POST", "/api/v1/auth/login", (200,), json=customer.login.model_dump())

    async def _insist(
        self, path: str, who: Customer, key: str, body: dict[str, Any], good: tuple[int, ...]
    ) -> int:
        """Send the same until it is answered, or patience ends."""
        status = 0
        for pause in PATIENCE.pauses():
            await asyncio.sleep(pause)
            headers = {**who.headers, "Idempotency-Key": key}
            status = await self._ask("POST", path, good, json=body, headers=headers)
            if not _failed(status):
                break
        return status

    async def _ask(self, method: str, path: str, good: tuple[int, ...], **request: Any) -> int:
        """The status of an answer, 0 for none; one that is neither good nor a failure is a refusal."""
        try:
            with self._flying():
                async with self._customers.http.request(method, path, **request) as response:
                    text, status = await response.text(), response.status
        except (ClientError, TimeoutError) as error:
            text, status = type(error).__name__, 0
        if _failed(status):
            self.seen.failed.append(time.time())
        elif status not in good:
            self.seen.refused.append((f"{method} {path}", f"{status} {text}"))
        return status

    @contextmanager
    def _flying(self) -> Iterator[None]:
        self.in_flight += 1
        self._changed.set()
        try:
            yield
        finally:
            self.in_flight -= 1
            self._changed.set()


def _failed(status: int) -> bool:
    return status in (0, TOO_MANY) or status >= 500


def _ordered(placement: Placement) -> Ordered:
    return Ordered(
        key=placement.key,
        items=placement.items,
        token=placement.token,
        order_id=placement.order_id,
        answered_at=placement.at + placement.seconds,
        problems=placement.problems,
        refused=placement.outcome == "refused",
    )
