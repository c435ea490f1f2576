"""Dead letters from the moment they die: kept, shown, brought back, dead again."""

import asyncio
from pathlib import Path

import aio_pika
from prometheus_client import REGISTRY

from services.contracts import topology
from services.contracts.inventory import ConfirmStock
from services.contracts.message import Command
from services.operations.settings import Settings
from tests.parts import Corner, eventually
from tests.processes import instances
from tests.services.operations.conftest import Fragile, Office

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


async def say(here: Corner, order_id: str, message_id: str) -> None:
    """A command of the saga with everything that travels beside it."""
    message = aio_pika.Message(
        ConfirmStock(order_id=order_id).model_dump_json().encode(),
        message_id=message_id,
        type=ConfirmStock.kind,
        correlation_id="corr-1",
        headers={"traceparent": TRACE, "x-aggregate": f"order/{order_id}", "x-version": 3},
    )
    exchange = await here.channel.get_exchange(Command.exchange, ensure=False)
    await exchange.publish(message, ConfirmStock.kind)


async def test_a_message_that_died_is_brought_back_as_what_it_was(office: Office, inventory: Fragile) -> None:
    inventory.broken.add("o1")
    await say(office.here, "o1", "m1")
    (letter,) = await office.dead(1)
    assert (letter["queue"], letter["kind"], letter["order_id"]) == (
        "inventory.commands",
        ConfirmStock.kind,
        "o1",
    )
    assert (letter["reason"], letter["attempts"], letter["deaths"]) == ("attempts_exhausted", 2, 1)
    whole = (await office.get(f"/dead-letters/{letter['id']}")).body
    assert (whole["correlation_id"], whole["traceparent"]) == ("corr-1", TRACE)
    assert whole["body"] == '{"order_id":"o1"}'
    assert len(whole["history"]) == 2

    inventory.broken.clear()
    answer = await office.post(f"/dead-letters/{letter['id']}/replay")
    assert (answer.status, answer.body["state"], answer.body["replays"]) == (202, "replayed", 1)
    (confirmed,) = await eventually(lambda: inventory.confirmed)
    assert (confirmed.id, confirmed.correlation_id) == ("m1", "corr-1")
    assert confirmed.traceparent.split("-")[1] == TRACE.split("-")[1]
    await eventually(lambda: _empty(office, "outbox"))


async def _empty(office: Office, collection: str) -> bool:
    return await office.here.db("operations")[collection].count_documents({}) == 0


async def test_what_dies_again_is_dead_again_with_a_longer_history(
    office: Office, inventory: Fragile
) -> None:
    inventory.broken.add("o1")
    await say(office.here, "o1", "m1")
    for lives in (1, 2, 3):
        (letter,) = await office.dead(1)
        whole = (await office.get(f"/dead-letters/{letter['id']}")).body
        assert (whole["deaths"], whole["replays"], whole["attempts"]) == (lives, lives - 1, 2)
        assert len(whole["history"]) == 2 * lives
        assert whole["headers"]["x-aggregate"] == "order/o1"
        assert (await office.post(f"/dead-letters/{letter['id']}/replay")).status == 202


async def test_however_often_it_is_asked_for_one_replay_publishes_once(office: Office) -> None:
    await office.poison(queue="inventory.dead-letters")
    unknown = (await office.dead(1))[0]
    assert (unknown["queue"], unknown["replayable"]) == ("inventory.dead-letters", False)
    answer = await office.post(f"/dead-letters/{unknown['id']}/replay")
    assert (answer.status, answer.slug) == (409, "not-replayable")

    headers: dict[str, aio_pika.abc.FieldValue] = {"x-queue": "inventory.commands"}
    message = aio_pika.Message(b"{}", message_id="m1", type="some.kind", headers=headers)
    await office.here.channel.default_exchange.publish(message, "inventory.dead-letters")
    (letter,) = await office.dead(1, queue="inventory.commands")
    queue = await office.here.listen(topology.INVENTORY_COMMANDS)
    path = f"/dead-letters/{letter['id']}/replay"
    answers = await asyncio.gather(*(office.post(path, key=f"k{number % 3}") for number in range(9)))
    assert {answer.status for answer in answers} == {202}
    assert (await queue.raw()).message_id == "m1"
    await eventually(lambda: _empty(office, "outbox"))
    assert (await office.post(path)).status == 202
    await eventually(lambda: _empty(office, "outbox"))
    assert queue.waiting == 0


async def test_two_instances_keep_each_letter_once(office: Office, tmp_path: Path) -> None:
    async with instances(office.here.settings(Settings), 1, tmp_path):
        ids = await office.poison(60, "payment.dead-letters")
        letters = await office.dead(60)
    assert {letter["message_id"] for letter in letters} == set(ids)
    assert {letter["deaths"] for letter in letters} == {1}
    assert {letter["service"] for letter in letters} == {"payment"}


async def test_dead_ones_are_counted_and_labels_are_bounded(office: Office, inventory: Fragile) -> None:
    await office.poison(3)
    await office.here.put("", "inventory.commands", b"{}", "a kind of a stranger's own")

    def counted(kind: str) -> float | None:
        labels = {"service": "inventory", "queue": "inventory.commands", "reason": "incomprehensible"}
        return REGISTRY.get_sample_value("portico_dead_letters", {**labels, "kind": kind})

    await eventually(lambda: counted(ConfirmStock.kind) == 3)
    await eventually(lambda: counted("unknown") == 1)
    assert counted("a kind of a stranger's own") is None
    answer = await office.post("/dead-letters/discard", {"note": "made by the test"})
    assert answer.body == {"changed": 4, "more": False}
    await eventually(lambda: counted(ConfirmStock.kind) is None)
