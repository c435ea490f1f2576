"""The promises of the bus, kept by the real one: nothing lost, nothing twice, nothing held up."""

import asyncio
from typing import Any

import pytest

from services.chassis.clock import utcnow
from services.chassis.envelope import Origin, new_id
from services.chassis.errors import Conflict, Unavailable
from services.chassis.mongo import DATABASE, Work
from services.chassis.outbox import Parcel, Row
from services.contracts import topology
from services.contracts.inventory import ConfirmStock, ReserveStock, StockConfirmed, StockReserved
from services.contracts.message import Command
from tests.conftest import Start
from tests.instances import Instance
from tests.parts import Corner, eventually
from tests.services.chassis.failing import Failing


@pytest.fixture
def failing(here: Corner) -> Failing:
    return Failing(here)


async def test_a_message_delivered_twice_has_one_effect_and_one_answer(
    failing: Failing, start: Start
) -> None:
    await start(failing.app())
    answers = await failing.here.listen(topology.ORDER_SAGA)
    for number in range(20):
        await failing.here.say(ConfirmStock(order_id=f"o{number}"), times=2)
    heard = [(await answers.next(StockConfirmed)).order_id for _ in range(20)]
    assert sorted(heard) == sorted(f"o{number}" for number in range(20))
    assert [await failing.effects(f"o{number}") for number in range(20)] == [1] * 20


async def test_a_handler_that_fails_twice_succeeds_at_the_third_try_after_its_back_off(
    failing: Failing, start: Start
) -> None:
    failing.failures["o1"] = 2
    await start(failing.app())
    answers = await failing.here.listen(topology.ORDER_SAGA)
    await failing.here.say(ConfirmStock(order_id="o1"))
    await answers.next(StockConfirmed)
    times = [at for at, _ in failing.attempts]
    assert len(times) == 3
    assert times[1] - times[0] >= 0.1
    assert times[2] - times[1] >= 0.2
    assert await failing.effects("o1") == 1


async def test_a_database_that_is_too_busy_is_a_reason_to_try_again(failing: Failing, start: Start) -> None:
    failing.failures["o1"] = 1
    failing.error = Unavailable("the database is too busy")
    await start(failing.app())
    answers = await failing.here.listen(topology.ORDER_SAGA)
    await failing.here.say(ConfirmStock(order_id="o1"))
    await answers.next(StockConfirmed)
    assert await failing.effects("o1") == 1


async def test_a_refusal_is_taken_off_the_queue(failing: Failing, start: Start) -> None:
    failing.failures["o1"] = 99
    failing.error = Conflict("never")
    await start(failing.app())
    answers = await failing.here.listen(topology.ORDER_SAGA)
    await failing.here.say(ConfirmStock(order_id="o1"), ConfirmStock(order_id="o2"))
    assert (await answers.next(StockConfirmed)).order_id == "o2"
    queue = await failing.here.channel.get_queue("inventory.dead-letters")
    assert await queue.get(fail=False) is None


async def test_what_fails_for_good_is_laid_aside_with_its_history(failing: Failing, start: Start) -> None:
    failing.failures["o1"] = 99
    await start(failing.app())
    dead = await failing.here.dead_letters("inventory")
    await failing.here.say(ConfirmStock(order_id="o1"))
    letter = await dead.raw()
    assert ConfirmStock.model_validate_json(letter.body).order_id == "o1"
    assert (letter.headers["x-reason"], letter.headers["x-queue"], letter.headers["x-attempts"]) == (
        "attempts_exhausted",
        "inventory.commands",
        4,
    )
    history = letter.headers["x-history"]
    assert isinstance(history, list)
    assert len(history) == 4
    assert all("RuntimeError: not yet" in str(entry) for entry in history)
    assert await failing.effects("o1") == 0


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (ConfirmStock.kind, b"{"),
        (ConfirmStock.kind, b'{"order_id": 7}'),
        ("inventory.something_else.v9", b"{}"),
    ],
)
async def test_a_poisoned_message_is_laid_aside_at_once_and_the_queue_goes_on(
    failing: Failing, start: Start, kind: str, body: bytes
) -> None:
    await start(failing.app())
    dead = await failing.here.dead_letters("inventory")
    answers = await failing.here.listen(topology.ORDER_SAGA)
    poison = await failing.here.put("", "inventory.commands", body, kind)
    await failing.here.say(ConfirmStock(order_id="o1"))
    letter = await dead.raw()
    assert (letter.message_id, letter.body, letter.headers["x-reason"]) == (poison, body, "incomprehensible")
    assert (await answers.next(StockConfirmed)).order_id == "o1"


async def test_one_bad_message_does_not_hold_up_its_neighbours(failing: Failing, start: Start) -> None:
    failing.failures["o5"] = 2
    await start(failing.app(retry_delays=(1.0, 1.0, 1.0)))
    answers = await failing.here.listen(topology.ORDER_SAGA)
    for number in range(10):
        await failing.here.say(ConfirmStock(order_id=f"o{number}"))
    heard = [(await answers.next(StockConfirmed)).order_id for _ in range(10)]
    assert heard[-1] == "o5"
    assert [await failing.effects(f"o{number}") for number in range(10)] == [1] * 10


async def test_nothing_is_said_of_what_was_not_committed(failing: Failing, start: Start) -> None:
    service = await start(failing.app())
    answers = await failing.here.listen(topology.ORDER_SAGA)

    async def fails(work: Work) -> None:
        work.emit("order/o1", 1, StockReserved(order_id="o1"))
        raise LookupError

    with pytest.raises(LookupError):
        await service.app[DATABASE].transaction(fails)
    await say_through(service, StockReserved(order_id="o2"))
    assert (await answers.next(StockReserved)).order_id == "o2"


async def say_through(service: Instance, *messages: StockReserved | Command, version: int = 1) -> None:
    async def body(work: Work) -> None:
        work.emit("order/o", version, *messages)

    await service.app[DATABASE].transaction(body)


def parcel(lane: str, version: int, order_id: str, aggregate: str = "order/o") -> dict[str, Any]:
    origin = Origin("c", None, "00-" + "a" * 32 + "-" + "b" * 16 + "-01")
    row = Row.of(StockReserved(order_id=order_id), aggregate, version, 0, origin)
    return Parcel(new_id(), lane, (row,), utcnow()).document()


async def test_what_a_dead_process_left_in_its_outbox_is_published_by_another(
    failing: Failing, start: Start
) -> None:
    outbox = failing.here.db("inventory").outbox
    await outbox.insert_many([parcel("lane-of-the-dead", version, f"o{version}") for version in (2, 1, 3)])
    await start(failing.app())
    answers = await failing.here.listen(topology.ORDER_SAGA)
    heard = [(await answers.next(StockReserved)).order_id for _ in range(3)]
    assert heard == ["o1", "o2", "o3"]
    await eventually(lambda: empty(outbox))


async def test_a_row_waits_while_an_older_one_of_its_aggregate_is_in_a_living_lane(
    failing: Failing, start: Start
) -> None:
    db = failing.here.db("inventory")
    until = (await db.command("hello"))["localTime"].replace(year=2100)
    await db.outbox_lanes.insert_one({"_id": "lane-of-the-living", "owner": "somebody", "expires_at": until})
    older = parcel("lane-of-the-living", 1, "older")
    await db.outbox.insert_one(older)
    service = await start(failing.app())
    answers = await failing.here.listen(topology.ORDER_SAGA)
    await say_through(service, StockReserved(order_id="newer"), version=2)

    async def other(work: Work) -> None:
        work.emit("order/other", 1, StockReserved(order_id="other"))

    await service.app[DATABASE].transaction(other)
    assert (await answers.next(StockReserved)).order_id == "other"
    assert answers.waiting == 0
    await db.outbox.delete_one({"_id": older["_id"]})
    assert (await answers.next(StockReserved)).order_id == "newer"


async def test_a_row_that_nobody_spoke_of_leaves_all_the_same(failing: Failing, start: Start) -> None:
    service = await start(failing.app())
    answers = await failing.here.listen(topology.ORDER_SAGA)
    await failing.here.db("inventory").outbox.insert_one(parcel(service.app[DATABASE].lane.name, 1, "silent"))
    assert (await answers.next(StockReserved)).order_id == "silent"


async def test_a_command_that_nobody_takes_stays_until_somebody_does(failing: Failing, start: Start) -> None:
    failing.failures["o1"] = 99
    service = await start(failing.app())
    command = ReserveStock(order_id="o1", lines=(), expires_at=utcnow())
    queue = await failing.here.channel.get_queue("inventory.commands")
    exchange = await failing.here.channel.get_exchange(command.exchange)
    await queue.unbind(exchange, command.kind)
    await say_through(service, command)
    await say_through(service, StockReserved(order_id="waits behind it"), version=2)
    assert await failing.here.db("inventory").outbox.count_documents({}) == 2
    await queue.bind(exchange, command.kind)
    answers = await failing.here.listen(topology.ORDER_SAGA)
    assert (await answers.next(StockReserved)).order_id == "waits behind it"
    await eventually(lambda: empty(failing.here.db("inventory").outbox))


async def empty(collection: Any) -> bool:
    return bool(await collection.count_documents({}) == 0)


async def test_an_event_nobody_wants_is_kept_where_it_can_be_seen(failing: Failing, start: Start) -> None:
    await start(failing.app())
    unrouted = await failing.here.channel.get_queue("portico.unrouted")
    await failing.here.put("portico.events", "nobody.wants_this.v1", b"{}", "nobody.wants_this.v1")
    incoming = await eventually(lambda: unrouted.get(fail=False))
    assert incoming.type == "nobody.wants_this.v1"


async def test_ids_sort_by_time() -> None:
    ids = [new_id() for _ in range(1000)]
    assert ids == sorted(ids)
    assert len(set(ids)) == 1000


async def test_a_busy_relay_still_looks_into_the_database_when_told(failing: Failing, start: Start) -> None:
    service = await start(failing.app(relay_lease_seconds=0.5))
    answers = await failing.here.listen(topology.ORDER_SAGA)
    done = asyncio.Event()

    async def keep_busy() -> None:
        version = 0
        while not done.is_set():
            version += 1
            await say_through(service, StockReserved(order_id="noise"), version=version)

    busy = asyncio.create_task(keep_busy())
    outbox = failing.here.db("inventory").outbox
    await outbox.insert_one(parcel("lane-of-the-dead", 1, "forgotten", aggregate="order/forgotten"))
    try:
        async with asyncio.timeout(20):
            while (await answers.next(StockReserved)).order_id != "forgotten":
                pass
    finally:
        done.set()
        await busy


async def test_more_blocked_parcels_than_a_page_do_not_hold_up_the_others(
    failing: Failing, start: Start
) -> None:
    db = failing.here.db("inventory")
    until = (await db.command("hello"))["localTime"].replace(year=2100)
    await db.outbox_lanes.insert_one({"_id": "lane-of-the-living", "owner": "somebody", "expires_at": until})
    service = await start(failing.app(relay_batch=5))
    answers = await failing.here.listen(topology.ORDER_SAGA)
    mine = service.app[DATABASE].lane.name
    for number in range(30):
        aggregate = f"order/{number}"
        await db.outbox.insert_one(parcel("lane-of-the-living", 1, "older", aggregate=aggregate))
        await db.outbox.insert_one(parcel(mine, 2, "blocked", aggregate=aggregate))
    await db.outbox.insert_one(parcel(mine, 1, "free", aggregate="order/free"))
    assert (await answers.next(StockReserved)).order_id == "free"

    async def only_the_blocked_are_left() -> bool:
        return bool(await db.outbox.count_documents({}) == 60)

    await eventually(only_the_blocked_are_left)
