"""Placing one order as a client does that means it: repeated under the same key until there is an answer."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Literal
from uuid import uuid4

import orjson
from aiohttp import ClientError

from scripts.load.customers import Customers
from scripts.load.wishes import Wish
from scripts.storefront import order_request

ORDERS = "/api/v2/orders"
JSON = "application/json"
ACCEPTED = 202
TOO_MANY = 429

Outcome = Literal["accepted", "refused", "unknown"]


@dataclass(frozen=True, slots=True)
class Patience:
    """How often a request is sent at most, and the pause before it is sent again: doubled each time, in seconds."""

    attempts: int = 6
    pause: float = 0.25

    def pauses(self) -> list[float]:
        """The pause before each attempt."""
        return [0.0, *(self.pause * 2**repetition for repetition in range(self.attempts - 1))]


PATIENCE = Patience()


@dataclass(frozen=True, slots=True)
class Placement:
    """What came of placing an order.

    `at` is when it was first sent, in seconds since the epoch, `seconds` the time from then to the last answer.
    `status` is the last HTTP status, 0 for none. `unknown` are orders that no attempt got an answer for: they may
    exist. `problems` are what was wrong with each attempt that was not accepted.
    """

    key: str
    user: str
    items: Mapping[str, int]
    token: str
    at: float
    seconds: float
    outcome: Outcome
    status: int
    order_id: str | None
    attempts: int
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Answer:
    """An HTTP answer; status 0 stands for none, with the reason as its body."""

    status: int
    body: bytes

    @property
    def outcome(self) -> Outcome:
        if self.status in (0, TOO_MANY) or self.status >= 500:
            return "unknown"
        return "accepted" if self.status == ACCEPTED else "refused"

    @property
    def order_id(self) -> str | None:
        return str(orjson.loads(self.body)["order_id"]) if self.outcome == "accepted" else None

    @property
    def problem(self) -> str | None:
        match self.outcome:
            case "accepted":
                return None
            case "refused":
                return f"{self.status} {_detail(self.body)}".rstrip()
            case "unknown":
                return str(self.status) if self.status else self.body.decode()


class Placing:
    """Places orders for `customers` and tells of each when it is settled."""

    def __init__(
        self, customers: Customers, tell: Callable[[Placement], object], patience: Patience = PATIENCE
    ) -> None:
        self._customers = customers
        self._tell = tell
        self._pauses = patience.pauses()

    async def __call__(self, wish: Wish) -> None:
        """Place one order. Whatever the platform does is told, not raised."""
        customer, key = self._customers[wish.customer], uuid4().hex
        at, began = time.time(), time.perf_counter()
        answers = [answer async for answer in self._answers(wish, key)]
        last = answers[-1]
        self._tell(
            Placement(
                key=key,
                user=customer.user_id,
                items=wish.items,
                token=wish.token,
                at=at,
                seconds=time.perf_counter() - began,
                outcome=last.outcome,
                status=last.status,
                order_id=last.order_id,
                attempts=len(answers),
                problems=tuple(answer.problem for answer in answers if answer.problem),
            )
        )

    async def _answers(self, wish: Wish, key: str) -> AsyncIterator[_Answer]:
        """The answers to one order, the last of which is final unless patience ends before."""
        body = orjson.dumps(order_request(wish.items, wish.token))
        for pause in self._pauses:
            await asyncio.sleep(pause)
            answer = await self._send(wish.customer, key, body)
            yield answer
            if answer.outcome != "unknown":
                return

    async def _send(self, customer: int, key: str, body: bytes) -> _Answer:
        headers = {**self._customers[customer].headers, "Content-Type": JSON, "Idempotency-Key": key}
        try:
            async with self._customers.http.post(ORDERS, data=body, headers=headers) as response:
                return _Answer(response.status, await response.read())
        except (ClientError, TimeoutError) as error:
            return _Answer(0, type(error).__name__.encode())


def _detail(body: bytes) -> str:
    """What a problem document says, empty for anything else."""
    try:
        return str(orjson.loads(body)["detail"])
    except (orjson.JSONDecodeError, LookupError, TypeError):
        return ""
