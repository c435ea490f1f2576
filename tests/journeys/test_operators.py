"""What operators find and mend on the running platform: by the admin API, and with the `portico` command."""

from typing import Any

from scripts.layout import Layout
from scripts.supervisor import Supervisor
from tests.command import portico
from tests.journeys.letters import letter_about, poison
from tests.journeys.shop import Shop
from tests.parts import eventually

ADMIN = "/api/v1/admin"


async def test_a_poisoned_message_is_found_brought_back_and_discarded(store: Shop, layout: Layout) -> None:
    customer = await store.customer()
    order_id = await customer.order(await store.product(stock=5))
    await customer.ended(order_id)
    message_id = await poison(layout, order_id)
    letter = await letter_about(store, order_id, state="dead", deaths=1)
    assert (letter["queue"], letter["message_id"]) == ("order.saga", message_id)
    assert (await store.support.call("GET", f"{ADMIN}/dead-letters")).status == 403

    code, listed = await portico(layout, "dlq", "list", "--order", order_id)
    assert (code, letter["id"] in listed) == (0, True)
    code, said = await portico(layout, "dlq", "replay", "--all", "--yes", "--order", order_id)
    assert (code, "1 changed" in said) == (0, True), said
    await letter_about(store, order_id, state="dead", deaths=2)
    code, said = await portico(layout, "dlq", "discard", "--note", "of no use", letter["id"])
    assert (code, "discarded" in said) == (0, True), said
    code, shown = await portico(layout, "dlq", "show", letter["id"])
    assert code == 0
    assert all(part in shown for part in (message_id, "Incomprehensible", "1 changed", "of no use"))

    code, shown = await portico(layout, "saga", "show", order_id)
    assert code == 0
    story = ("order_placed", "authorized", "stock_taken", "captured", "order_confirmed", letter["id"])
    told = shown[shown.index(story[0]) :]
    positions = [told.index(part) for part in story]
    assert positions == sorted(positions), shown


async def test_a_saga_that_waits_is_seen_and_goes_on(
    store: Shop, layout: Layout, platform: Supervisor
) -> None:
    sku = await store.product(stock=5)
    customer = await store.customer()
    await platform.stop("payment-1")
    try:
        order_id = await customer.order(sku)

        async def waiting() -> bool:
            sagas = (await store.admin.get(f"{ADMIN}/sagas?phase=authorizing"))["items"]
            return order_id in [saga["order_id"] for saga in sagas]

        await eventually(waiting)
        page = await store.admin.get(f"{ADMIN}/sagas/{order_id}")
        assert page["reservation"]["state"] == "reserved"
        assert (page["payment"], page["degraded"]) == (None, ["payment"])
        code, said = await portico(layout, "saga", "resume", order_id)
        assert (code, "PENDING" in said) == (0, True), said
    finally:
        await platform.start("payment-1")
    assert (await customer.ended(order_id))["status"] == "CONFIRMED"
    code, said = await portico(layout, "saga", "compensate", order_id, "--reason", "too late")
    assert (code, "409" in said) == (1, True), said
    assert await audited(store, order_id, 2) == [
        ("compensate", {"reason": "too late"}, "refused: saga-too-late"),
        ("resume", {}, "authorizing"),
    ]
    stock = await store.stock(sku)
    assert (stock["quantity"], stock["reserved"]) == (4, 0)


async def test_the_read_model_is_rebuilt(store: Shop, layout: Layout, databases: Any) -> None:
    customer = await store.customer()
    order_id = await customer.order(await store.product(stock=5))
    before = await customer.ended(order_id)
    await databases["order"].orders.delete_one({"_id": order_id})
    code, said = await portico(layout, "orders", "rebuild")
    assert (code, " 1 mended, 0 cannot be" in said) == (0, True), said
    assert await audited(store, order_id, 1) == [("rebuild", {"after": ""}, "1 mended")]
    assert await customer.get(f"/api/v1/orders/{order_id}") == before


async def audited(store: Shop, order_id: str, count: int) -> list[tuple[str, dict[str, str], str]]:
    """What was done to an order, the last first, as soon as it is so much."""

    async def entries() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await store.admin.get(f"{ADMIN}/audit?subject={order_id}"))["items"]
        return found if len(found) >= count else []

    return [(one["action"], one["details"], one["outcome"]) for one in await eventually(entries)]
