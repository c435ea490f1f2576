"""What can be done, on one screen. The rest is REST's: signing in, what administrators do, what providers say."""

import orjson
import strawberry

from gateway.graphql.access import stands_for
from gateway.graphql.context import Info
from gateway.graphql.inputs import AddressInput, ItemInput, Key, PaymentMethodInput, keyed, order_body
from gateway.graphql.types.ordering import Accepted
from gateway.graphql.words import shape
from gateway.upstreams import order as source
from gateway.upstreams.client import Service, path


async def _place_order(
    info: Info,
    items: list[ItemInput],
    shipping_address: AddressInput,
    payment_method: PaymentMethodInput,
    idempotency_key: Key,
) -> source.Accepted:
    body = order_body(items, shipping_address, payment_method)
    return await _done(info, "/orders", body, idempotency_key)


async def _cancel_order(info: Info, id: strawberry.ID, reason: str, idempotency_key: Key) -> source.Accepted:
    return await _done(
        info, path("orders", id, "cancellation"), orjson.dumps({"reason": reason}), idempotency_key
    )


@shape
class Mutation:
    """All that changes something. What an operation has of it is done one after the other."""

    place_order: Accepted | None = stands_for("place_order", _place_order)
    cancel_order: Accepted | None = stands_for("cancel_order", _cancel_order)


async def _done(info: Info, target: str, body: bytes, key: str) -> source.Accepted:
    answer = await info.context.calls.ask(Service.ORDER, "POST", target, body=body, headers=keyed(key))
    return answer.read(source.Accepted)
