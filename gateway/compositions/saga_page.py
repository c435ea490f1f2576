"""The saga page: an order's saga with its payment, its reservation, and what died on the way."""

from dataclasses import dataclass

from gateway.compositions.page import composing
from gateway.upstreams.client import Calls
from gateway.upstreams.saga import Json, Saga, dead_letters, payment, reservation, saga


@dataclass(frozen=True, slots=True)
class SagaPage:
    """`payment` and `reservation` are None while there is none. What could not be had is None, and in `degraded`."""

    saga: Saga
    payment: Json | None
    reservation: Json | None
    dead_letters: tuple[Json, ...] | None
    degraded: tuple[str, ...]


async def saga_page(calls: Calls, order_id: str) -> SagaPage:
    """Required: the saga. Optional: all that the other services know of it."""
    async with composing(calls) as page:
        found = page.required(saga, order_id)
        paid = page.optional("payment", payment, order_id)
        held = page.optional("reservation", reservation, order_id)
        dead = page.optional("dead_letters", dead_letters, order_id)
    return SagaPage(found.result(), paid.result(), held.result(), dead.result(), page.degraded)
