"""What administrators, and only they, see and do, and what is remembered of it."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from aio_pika import Message
from aio_pika.abc import FieldValue

from services.chassis.clock import utcnow
from services.contracts import topology
from services.contracts.order import OperatorActed
from tests.parts import eventually
from tests.plans import explain
from tests.services.operations.conftest import Fragile, Office
from tests.tokens import Issuer

CALLS = [
    ("GET", "/dead-letters"),
    ("GET", "/dead-letters/x"),
    ("POST", "/dead-letters/x/replay"),
    ("POST", "/dead-letters/x/discard"),
    ("POST", "/dead-letters/replay"),
    ("POST", "/dead-letters/discard"),
    ("GET", "/audit"),
]


@pytest.mark.parametrize(("method", "path"), CALLS)
async def test_only_administrators_get_in(office: Office, issuer: Issuer, method: str, path: str) -> None:
    for headers, status in (({}, 401), (issuer.bearer("c"), 403), (issuer.bearer("s", "support"), 403)):
        async with office.instance.http.request(method, path, headers=headers) as response:
            assert response.status == status


async def test_lists_are_filtered_and_paged(office: Office, inventory: Fragile) -> None:
    await office.poison(5)
    await office.here.put("", "order.dead-letters", b'{"order_id": "o9"}', "some.kind")
    await office.dead(6)
    assert len(await office.letters(queue="inventory.commands")) == 5
    assert [one["order_id"] for one in await office.letters(order_id="o9")] == ["o9"]
    assert len(await office.letters(service="order", reason="unknown")) == 1
    assert await office.letters(kind="nobody") == []
    soon = (utcnow() + timedelta(minutes=1)).isoformat()
    assert (len(await office.letters(older_than=soon)), await office.letters(newer_than=soon)) == (6, [])

    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = (await office.get("/dead-letters", limit="2", **({"cursor": cursor} if cursor else {}))).body
        seen += [one["id"] for one in page["items"]]
        cursor = page["next_cursor"]
    whole = await office.letters()
    assert seen == [one["id"] for one in whole]
    times = [datetime.fromisoformat(one["died_at"]) for one in whole]
    assert times == sorted(times, reverse=True)


@pytest.mark.parametrize(
    "query",
    [
        {"state": "alive"},
        {"reason": "because"},
        {"older_than": "an hour"},
        {"older_than": "2026-01-01T00:00:00"},
        {"older_than": "1769860800"},
        {"newer_than": "0.5"},
        {"limit": "0"},
        {"limit": "101"},
        {"cursor": "x"},
        {"kind": ""},
        {"kind": "k" * 256},
        {"other": "x"},
    ],
)
async def test_a_question_that_makes_no_sense_is_refused(office: Office, query: dict[str, str]) -> None:
    assert (await office.get("/dead-letters", **query)).status == 422


async def test_many_are_brought_back_in_bounded_steps(office: Office, inventory: Fragile) -> None:
    ids = await office.poison(7)
    await office.dead(7)
    before = {"queue": "inventory.commands", "older_than": utcnow().isoformat(), "limit": 3}
    answers = [(await office.post("/dead-letters/replay", before)).body for _ in range(4)]
    assert answers == [
        {"changed": 3, "more": True},
        {"changed": 3, "more": True},
        {"changed": 1, "more": False},
        {"changed": 0, "more": False},
    ]
    again = await office.dead(7)
    assert {letter["message_id"] for letter in again} == set(ids)
    assert {(letter["replays"], letter["deaths"]) for letter in again} == {(1, 2)}


async def test_large_ones_are_brought_back_in_transactions_that_mongodb_takes(office: Office) -> None:
    queue = await office.here.listen(topology.INVENTORY_COMMANDS)
    headers: dict[str, FieldValue] = {"x-queue": "inventory.commands"}
    for size in (3, 6, 7):
        message = Message(b"x" * size * 1024 * 1024, message_id=f"m{size}", headers=headers)
        await office.here.channel.default_exchange.publish(message, "inventory.dead-letters")
    await office.dead(3)
    answers = [(await office.post("/dead-letters/replay", {})).body for _ in range(3)]
    assert [answer["changed"] for answer in answers] == [1, 1, 1]
    assert [answer["more"] for answer in answers] == [True, True, False]
    assert sorted([len((await queue.raw()).body) >> 20 for _ in range(3)]) == [3, 6, 7]


async def test_a_repeated_request_is_one_deed(office: Office, inventory: Fragile) -> None:
    await office.poison(2)
    await office.dead(2)
    body = {"note": "no use", "limit": 1}
    first = await office.post("/dead-letters/discard", body, key="once")
    assert first.body == {"changed": 1, "more": True}
    assert (await office.post("/dead-letters/discard", body, key="once")).body == first.body
    assert (await office.post("/dead-letters/discard", {"note": "other"}, key="once")).status == 422
    assert len(await office.letters(state="dead")) == 1
    async with office.instance.http.post("/dead-letters/replay", json={}, headers=office.admin) as response:
        assert response.status == 400


async def test_what_was_done_is_remembered_with_who_did_it(
    office: Office, inventory: Fragile, issuer: Issuer
) -> None:
    await office.poison()
    (letter,) = await office.dead(1)
    path = f"/dead-letters/{letter['id']}"
    assert (await office.post(f"{path}/discard", {"note": "no use"})).body["state"] == "discarded"
    bob = issuer.bearer("bob", "admin", "support")
    assert (await office.post(f"{path}/replay", user=bob)).body["state"] == "replayed"
    (letter,) = await office.dead(1)
    assert (await office.post("/dead-letters/replay", {"queue": "inventory.commands"})).body["changed"] == 1
    await office.here.put("", "inventory.dead-letters", b"?", "unknown", times=1)
    assert (await office.post("/dead-letters/unknown/replay")).status == 404

    entries = await office.audit(subject=letter["id"])
    assert [(one["user_id"], one["roles"], one["action"], one["outcome"]) for one in reversed(entries)] == [
        ("ada", ["admin"], "discard", "discarded"),
        ("bob", ["admin", "support"], "replay", "replayed"),
        ("ada", ["admin"], "replay", "1 changed"),
    ]
    assert entries[-1]["details"] == {"note": "no use"}
    assert entries[0]["details"]["queue"] == "inventory.commands"
    (refused,) = await office.audit(subject="unknown")
    assert (refused["action"], refused["outcome"]) == ("replay", "refused: not-found")
    everything = await office.audit(limit="2")
    assert everything[0]["id"] == refused["id"]


async def test_what_is_alive_cannot_be_discarded(office: Office) -> None:
    await office.here.put("", "inventory.dead-letters", b"{}", "some.kind")
    (letter,) = await office.dead(1)
    path = f"/dead-letters/{letter['id']}"
    # As if it had died in a queue of the platform.
    update = {"$set": {"letter.queue": "inventory.commands", "letter.replayable": True}}
    await office.here.db("operations").dead_letters.update_one({"_id": letter["id"]}, update)
    queue = await office.here.listen(topology.INVENTORY_COMMANDS)
    assert (await office.post(f"{path}/replay")).status == 202
    await queue.raw()
    answer = await office.post(f"{path}/discard", {"note": "too late"})
    assert (answer.status, answer.slug) == (409, "not-dead")
    assert (await office.audit())[0]["outcome"] == "refused: not-dead"


async def test_every_query_is_served_by_an_index(office: Office) -> None:
    db = office.here.db("operations")
    newest = [("letter.died_at", -1), ("_id", -1)]
    behind = {"letter.died_at": {"$lte": utcnow()}}
    for wanted, sort in (
        ({}, newest),
        ({"letter.state": "dead"}, newest),
        ({"letter.state": "dead", "letter.queue": "q", **behind}, newest),
        ({"letter.order_id": "o1"}, newest),
        ({"letter.state": "dead", "letter.replayable": True}, [("letter.died_at", 1)]),
    ):
        assert (await explain(db.dead_letters, wanted, sort, 20)).is_served_by_an_index, wanted
    trails: list[dict[str, Any]] = [{}, {"subjects": "x"}, {"_id": {"$lt": "f"}}]
    for trail in trails:
        assert (await explain(db.audit, trail, [("_id", -1)], 20)).is_served_by_an_index, trail


async def test_what_was_done_in_another_service_is_written_down_once(office: Office) -> None:
    acted = OperatorActed(
        at=utcnow().replace(microsecond=0),
        user_id="ada",
        roles=("admin",),
        action="compensate",
        subjects=("o1",),
        details={"reason": "fraud"},
        outcome="compensating",
    )
    await office.here.say(acted, times=2)

    async def entries() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await office.get("/audit", subject="o1")).body["items"]
        return found

    async def read() -> bool:
        return await office.here.depth("operations.audit") == 0

    [entry] = await eventually(entries)
    await eventually(read)
    assert await entries() == [entry]
    said = OperatorActed.model_validate(entry)
    assert said == acted
