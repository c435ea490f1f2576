"""What happened to a customer's orders, read on from a cursor: nothing is missed, nothing is met twice."""

import asyncio
from collections import defaultdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.chassis.clock import utcnow
from services.chassis.envelope import new_id
from services.chassis.pagination import decode_cursor, encode_cursor
from services.contracts.inventory import StockRejected, StockReserved
from services.order.app import make_app
from services.order.changes import NUMBERED_AT_ONCE, numbered, waiting
from services.order.documents import CHANGES_KEPT
from services.order.schemas import ChangesPosition, ChangesQuery
from services.order.settings import Settings
from tests.answers import Answer
from tests.conftest import Start
from tests.instances import Instance
from tests.parts import Corner, eventually
from tests.plans import explain
from tests.processes import instances
from tests.services.order.world import World
from tests.tokens import Issuer

USER = "u1"


async def read(service: Instance, issuer: Issuer, cursor: str | None = None, **query: Any) -> Answer:
    """One page of a customer's changes."""
    wanted = {**query, **({"cursor": cursor} if cursor else {})}
    headers = issuer.bearer(USER)
    async with service.http.get("/orders/changes", params=wanted, headers=headers) as response:
        return await Answer.of(response)


async def started(service: Instance, issuer: Issuer) -> str:
    """The cursor of now."""
    while (page := (await read(service, issuer)).body)["more"]:
        assert page["items"] == []
    return str(page["cursor"])


def rows(number: int, at: datetime | None = None, user: str = USER) -> list[dict[str, Any]]:
    """Changes as they are stored with orders, of as many orders."""
    ids = [new_id() for _ in range(number)]
    fields = {"user_id": user, "number": 0, "sequence": 1, "status": "CREATED", "at": at or utcnow()}
    return [{"_id": f"{id_}/1", "order_id": id_, "reason": None, **fields} for id_ in ids]


@pytest.fixture
async def service(here: Corner, start: Start) -> Instance:
    return await start(make_app(here.settings(Settings, saga_watch_seconds=3600)))


async def test_a_saga_s_statuses_come_in_order_behind_the_cursor(world: World) -> None:
    await world.place()
    cursor = await started(world.service, world.issuer)
    order_id = (await world.place())[1]["order_id"]
    await world.here.say(StockRejected(order_id=order_id, skus=("press",)))

    async def cancelled() -> bool:
        return bool((await world.order(order_id))["status"] == "CANCELLED")

    await eventually(cancelled)
    page = (await read(world.service, world.issuer, cursor)).body
    assert [(item["order_id"], item["sequence"], item["status"]) for item in page["items"]] == [
        (order_id, 1, "CREATED"),
        (order_id, 2, "CANCELLED"),
    ]
    assert page["items"][1]["reason"] == "out_of_stock"
    assert not page["more"]
    behind_the_first = (await read(world.service, world.issuer, page["items"][0]["cursor"])).body
    assert [item["sequence"] for item in behind_the_first["items"]] == [2]
    assert (await read(world.service, world.issuer, page["cursor"])).body["items"] == []


async def test_orders_commit_in_two_processes_while_three_read_and_each_sees_all_once(
    world: World, here: Corner, tmp_path: Path
) -> None:
    cursor = await started(world.service, world.issuer)
    placed: list[str] = []

    async def shopper() -> None:
        for _ in range(8):
            status, answer = await world.place()
            assert status == 202
            placed.append(answer["order_id"])
            await world.here.say(StockReserved(order_id=answer["order_id"]))

    async def watcher() -> list[tuple[str, int]]:
        seen: list[tuple[str, int]] = []
        position = cursor
        while len(seen) < 6 * 8 * 2:
            answer = await read(world.service, world.issuer, position, limit=7)
            # Several who number at once may have to try again.
            assert answer.status == 200, answer
            seen += [(item["order_id"], item["sequence"]) for item in answer.body["items"]]
            position = answer.body["items"][-1]["cursor"] if answer.body["items"] else position
        return seen

    other = instances(here.settings(Settings), 1, tmp_path)
    async with other, asyncio.timeout(60), asyncio.TaskGroup() as group:
        watchers = [group.create_task(watcher()) for _ in range(3)]
        for _ in range(6):
            group.create_task(shopper())
    first, *others = [one.result() for one in watchers]
    assert all(seen == first for seen in others)
    by_order = defaultdict(list)
    for order_id, sequence in first:
        by_order[order_id].append(sequence)
    assert by_order.keys() == set(placed)
    assert all(sequences == [1, 2] for sequences in by_order.values())


async def test_what_commits_late_is_told_late_and_not_missed(
    here: Corner, service: Instance, issuer: Issuer
) -> None:
    cursor, changes = await started(service, issuer), here.db("order").order_changes
    early, late = rows(1, utcnow() - timedelta(seconds=5)), rows(1)
    async with here.mongo.start_session() as session, await session.start_transaction():
        await changes.insert_many(early, session=session)
        await changes.insert_many(late)
        page = (await read(service, issuer, cursor)).body
        assert [item["order_id"] for item in page["items"]] == [late[0]["order_id"]]
    page = (await read(service, issuer, page["cursor"])).body
    assert [item["order_id"] for item in page["items"]] == [early[0]["order_id"]]


async def test_pages_are_bounded_and_so_is_what_is_numbered_at_once(
    here: Corner, service: Instance, issuer: Issuer
) -> None:
    cursor, changes = await started(service, issuer), here.db("order").order_changes
    await changes.insert_many(rows(NUMBERED_AT_ONCE + 150))
    assert (await read(service, issuer, cursor, limit=101)).status == 422
    seen: list[str] = []
    while True:
        page = (await read(service, issuer, cursor)).body
        assert len(page["items"]) <= 100
        seen += [item["order_id"] for item in page["items"]]
        cursor = page["cursor"]
        if not page["more"]:
            break
    assert len(seen) == len(set(seen)) == NUMBERED_AT_ONCE + 150
    await changes.insert_many(rows(NUMBERED_AT_ONCE + 1))
    await started(service, issuer)
    assert await changes.count_documents({"number": 0}) == 0


async def test_nobody_s_changes_are_counted_until_somebody_asks(
    here: Corner, service: Instance, issuer: Issuer
) -> None:
    await here.db("order").order_changes.insert_many(rows(3, user="u2"))
    assert (await read(service, issuer)).body["items"] == []
    assert await here.db("order").order_change_counts.count_documents({}) == 0


async def test_a_cursor_is_its_owner_s_and_no_other_text(
    here: Corner, service: Instance, issuer: Issuer
) -> None:
    somebody = encode_cursor(ChangesPosition(user_id="u2", number=0, seen_at=int(utcnow().timestamp())))
    for cursor in (somebody, "x", encode_cursor(ChangesQuery())):
        answer = await read(service, issuer, cursor)
        assert (answer.status, answer.body["errors"][0]["field"]) == (422, "cursor")
    async with service.http.get("/orders/changes") as response:
        assert response.status == 401


async def test_where_there_is_no_going_on_from_it_is_said(
    here: Corner, service: Instance, issuer: Issuer
) -> None:
    changes, cursor = here.db("order").order_changes, await started(service, issuer)
    await changes.insert_many(rows(3))
    page = (await read(service, issuer, cursor)).body
    first, second, _ = (item["cursor"] for item in page["items"])
    await changes.delete_one({"number": 2})
    position = decode_cursor(page["cursor"], ChangesPosition)
    old = position.model_copy(update={"seen_at": int((utcnow() - CHANGES_KEPT).timestamp())})
    ahead = position.model_copy(update={"number": 99})
    for gone in (cursor, first, encode_cursor(old), encode_cursor(ahead)):
        answer = await read(service, issuer, gone)
        assert (answer.status, answer.slug) == (409, "cursor-expired"), gone
    assert len((await read(service, issuer, second)).body["items"]) == 1


async def test_a_cursor_does_not_look_newer_than_what_waits_behind_it(
    here: Corner, service: Instance, issuer: Issuer
) -> None:
    cursor = await started(service, issuer)
    before = decode_cursor(cursor, ChangesPosition)
    older = encode_cursor(before.model_copy(update={"seen_at": before.seen_at - 7200}))
    await here.db("order").order_changes.insert_many(rows(2 * NUMBERED_AT_ONCE))
    page = (await read(service, issuer, older)).body
    assert decode_cursor(page["cursor"], ChangesPosition).seen_at == before.seen_at - 7200
    while page["more"]:
        page = (await read(service, issuer, page["cursor"])).body
    assert decode_cursor(page["cursor"], ChangesPosition).seen_at >= before.seen_at


@pytest.mark.parametrize(
    ("wanted", "sort", "limit"),
    [
        (waiting(USER), [("order_id", 1), ("sequence", 1)], 1),
        (waiting(USER), [("order_id", 1), ("sequence", 1)], 50),
        (numbered(USER, 900), [("number", 1)], 100),
    ],
)
async def test_every_question_is_answered_by_an_index(
    here: Corner, service: Instance, wanted: dict[str, Any], sort: list[tuple[str, int]], limit: int
) -> None:
    changes = here.db("order").order_changes
    await changes.insert_many(rows(2000, user="u2") + rows(500))
    await changes.insert_many([{**row, "number": n + 1} for n, row in enumerate(rows(1000))])
    plan = await explain(changes, wanted, sort, limit)
    assert plan.is_served_by_an_index, plan.stages
    assert plan.examined == plan.returned == limit


async def test_what_is_kept_has_an_end(here: Corner, service: Instance) -> None:
    indexes = await here.db("order").order_changes.index_information()
    assert CHANGES_KEPT.total_seconds() in [index.get("expireAfterSeconds") for index in indexes.values()]
