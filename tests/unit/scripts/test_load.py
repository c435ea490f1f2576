"""Load: how it is paced, what clients do and remember, what is made of it."""

import asyncio
import json
import math
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from scripts.load import customers as accounts
from scripts.load.endings import MISSING, UNREAD, Ending, endings
from scripts.load.loops import Pace, closed_loop, open_loop
from scripts.load.percentiles import Percentiles
from scripts.load.placing import Outcome, Patience, Placement, Placing
from scripts.load.record import Record, recorded
from scripts.load.report import Report
from scripts.load.stock import Stock, mismatches
from scripts.load.wishes import Wish
from tests.parts import eventually
from tests.unit.scripts.shopfront import CUT, open_shopfront, shoppers

IMPATIENT = Patience(attempts=3, pause=0.0)
WISH = Wish(0, {"tea": 2, "jam": 1})


async def test_an_open_loop_does_not_wait_for_answers() -> None:
    waiting, all_are_there = count(1), asyncio.Event()

    async def send(_: int) -> None:
        if next(waiting) == 20:
            all_are_there.set()
        await all_are_there.wait()

    async with asyncio.timeout(5):
        pace = await open_loop(send, range(20), rate=1000)
    assert pace.sent == 20
    assert pace.seconds >= 19 / 1000


async def test_an_open_loop_has_a_bound() -> None:
    flying: set[int] = set()
    most = 0

    async def send(number: int) -> None:
        nonlocal most
        flying.add(number)
        most = max(most, len(flying))
        for _ in range(5):
            await asyncio.sleep(0)
        flying.remove(number)

    pace = await open_loop(send, range(30), rate=1e9, most_in_flight=3)
    assert (pace.sent, most) == (30, 3)
    assert pace.behind > 0


async def test_a_closed_loop_has_as_many_in_flight_as_clients() -> None:
    flying, seen = 0, []

    async def send(number: int) -> None:
        nonlocal flying
        flying += 1
        assert flying <= 4
        await asyncio.sleep(0)
        flying -= 1
        seen.append(number)

    pace = await closed_loop(send, range(30), clients=4)
    assert pace.sent == 30
    assert sorted(seen) == list(range(30))


async def test_a_failure_ends_a_loop_as_what_it_is() -> None:
    async def send(number: int) -> None:
        await asyncio.sleep(0)
        if number == 3:
            raise KeyError(number)

    with pytest.raises(KeyError, match="3"):
        await closed_loop(send, count(), clients=2)
    with pytest.raises(KeyError, match="3"):
        await open_loop(send, count(), rate=1e4)


async def test_an_order_is_repeated_under_its_key_until_it_is_answered() -> None:
    record = Record()
    async with shoppers(1, [503, CUT]) as (shopfront, customers):
        await Placing(customers, record.add, IMPATIENT)(WISH)
    (placement,) = record.accepted
    assert len(shopfront.keys) == 3
    assert set(shopfront.keys) == {placement.key}
    assert (placement.status, placement.attempts, placement.user) == (202, 3, "shopper-0@portico.test")
    assert placement.problems == ("503", "ServerDisconnectedError")


async def test_what_was_never_answered_is_unknown_and_what_is_refused_is_not_repeated() -> None:
    record = Record()
    async with shoppers(1, [500, 500, 429, 422]) as (_, customers):
        place = Placing(customers, record.add, IMPATIENT)
        await place(WISH)
        await place(WISH)
    unknown, refused = record.placements
    assert (unknown.outcome, unknown.status, unknown.attempts) == ("unknown", 429, 3)
    assert (refused.outcome, refused.attempts) == ("refused", 1)
    assert refused.problems == ("422 some skus cannot be ordered",)
    assert record.accepted == []


async def test_accounts_are_made_once_and_tokens_renewed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts, "RENEW_SECONDS", 0.0)
    async with open_shopfront() as shopfront:
        for _ in range(2):
            async with accounts.signed_in(shopfront.url, "any password", 3) as customers:
                first = {customer.token for customer in customers}
                await eventually(lambda: not first & {customer.token for customer in customers})  # noqa: B023
    assert (len(shopfront.accounts), shopfront.registrations) == (3, 3)


def test_the_record_is_in_the_file_as_soon_as_there_is_an_answer(tmp_path: Path) -> None:
    path = tmp_path / "record.jsonl"
    with recorded(path) as record:
        record.add(placed("one"))
        (line,) = path.read_text().splitlines()
    assert json.loads(line) == {
        "key": "key-one",
        "user": "ada",
        "items": {"tea": 2, "jam": 1},
        "token": "tok_approve",
        "at": 1000.0,
        "seconds": 0.5,
        "outcome": "accepted",
        "status": 202,
        "order_id": "one",
        "attempts": 1,
        "problems": [],
    }


async def test_the_history_tells_how_orders_ended() -> None:
    heard: list[int] = []
    async with shoppers(1) as (shopfront, customers):
        shopfront.orders = [
            order("newest", "CREATED"),
            order("third", "CANCELLED", "out_of_stock"),
            order("somebody else's", "CONFIRMED"),
            order("first", "CONFIRMED"),
        ]
        user = customers[0].user_id
        accepted = [placed(name, user) for name in ("first", "third", "gone")]
        known = await endings(customers, accepted, 1.0, heard.append)
    assert known == {
        "first": Ending("CONFIRMED", None, 1.5),
        "third": Ending("CANCELLED", "out_of_stock", 1.5),
        "gone": MISSING,
    }
    assert heard[0] == 2


async def test_orders_are_asked_for_until_they_have_ended() -> None:
    async with shoppers(1) as (shopfront, customers):
        shopfront.orders = [order("slow", "PENDING")]

        def end(count: int) -> None:
            if count == 0:
                shopfront.orders = [order("slow", "CONFIRMED")]

        known = await endings(customers, [placed("slow", customers[0].user_id)], 10.0, end)
    assert known["slow"].status == "CONFIRMED"


async def test_a_history_that_cannot_be_read_says_nothing() -> None:
    async with shoppers(1) as (shopfront, customers):
        shopfront.is_shut = True
        known = await endings(customers, [placed("mine", customers[0].user_id)], 0.1, lambda _: None)
    assert known == {"mine": UNREAD}


def test_a_report_sums_up() -> None:
    pace = Pace(5, 1.0, 0.0, 0.1)
    placements = [
        placed("a"),
        placed("b"),
        placed("c", problems=("503",)),
        placed("d"),
        placed("e", outcome="refused", problems=("422 no",)),
        placed("f", outcome="unknown", problems=("500", "500")),
    ]
    known = {
        "a": Ending("CONFIRMED", None, 0.2),
        "b": Ending("CANCELLED", "payment_declined", 0.4),
        "c": Ending("PENDING", None, 9.0),
        "d": MISSING,
    }
    report = Report.of(pace, placements, known)
    assert (report.accepted, report.confirmed, report.lost, report.unknown) == (4, 1, 1, 1)
    assert report.cancelled == {"payment_declined": 1}
    assert report.unfinished == {"PENDING": 1}
    assert report.refused == {"422 no": 1}
    assert report.repeated == {"503": 1, "500": 1}
    assert (report.payable, report.paid) == (4, 1)
    assert report.sold == {"tea": 2, "jam": 1}
    assert report.ending == Percentiles(0.2, 0.4, 0.4, 0.4)


def test_a_run_goes_well_when_all_ended_as_they_were_paid() -> None:
    placements = [placed(str(number)) for number in range(20)] + [placed("d", token="tok_decline")]
    known = {str(number): Ending("CONFIRMED", None, 0.1) for number in range(19)}
    known |= {
        "19": Ending("CANCELLED", "out_of_stock", 0.1),
        "d": Ending("CANCELLED", "payment_declined", 0.1),
    }
    assert complaints(placements, known) == []
    known["18"] = known["19"]
    assert complaints(placements, known) == [
        "18 of 20 orders that were to be paid are confirmed, less than 95%"
    ]


@pytest.mark.parametrize(
    ("placement", "ending", "complaint"),
    [
        (("refused", ("422 no",)), None, "1 orders were refused"),
        (("unknown", ("500",)), None, "1 orders were never answered"),
        (("accepted", ()), MISSING, "1 orders are lost"),
        (("accepted", ()), UNREAD, "1 orders did not end"),
        (("accepted", ()), Ending("PENDING", None, 9.0), "1 orders did not end"),
        (("accepted", ()), Ending("CANCELLED", None, 0.1), "1 orders were cancelled without a reason"),
    ],
)
def test_what_must_not_be_in_a_run_is_named(
    placement: tuple[Outcome, tuple[str, ...]], ending: Ending | None, complaint: str
) -> None:
    outcome, problems = placement
    one = placed("x", token="tok_decline", outcome=outcome, problems=problems)
    assert complaints([one], {"x": ending} if ending else {}) == [complaint]


def complaints(placements: list[Placement], known: dict[str, Ending]) -> list[str]:
    """What is wrong with a run of these orders that ended so."""
    return list(Report.of(Pace(len(placements), 1.0, 0.0, 0.1), placements, known).complaints())


def test_a_percentile_is_a_value_that_was_measured() -> None:
    assert Percentiles.of(range(1, 101)) == Percentiles(p50=50, p95=95, p99=99, most=100)
    assert Percentiles.of([3, 1, 2]) == Percentiles(p50=2, p95=3, p99=3, most=3)
    assert Percentiles.of([7]) == Percentiles(7, 7, 7, 7)
    assert math.isnan(Percentiles.of([]).p99)


def test_stock_is_what_it_was_less_what_was_sold() -> None:
    before = {"tea": Stock(10, 0), "jam": Stock(5, 1)}
    assert mismatches(before, {"tea": Stock(8, 0), "jam": Stock(5, 1)}, {"tea": 2}) == []
    assert mismatches(before, {"tea": Stock(8, 1), "jam": Stock(5, 1)}, {"tea": 2}) == [
        "tea: 8 (1 reserved) where 8 (0 reserved) were due"
    ]


def order(order_id: str, status: str, reason: str | None = None) -> dict[str, Any]:
    """An order as its customer's history shows it, 1.5 s after it was accepted."""
    return {
        "order_id": order_id,
        "state": {"status": status, "reason": reason},
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:01.500000Z",
    }


def placed(
    name: str,
    user: str = "ada",
    *,
    token: str = WISH.token,
    outcome: Outcome = "accepted",
    problems: tuple[str, ...] = (),
) -> Placement:
    """An order that somebody placed."""
    accepted = outcome == "accepted"
    return Placement(
        key=f"key-{name}",
        user=user,
        items=WISH.items,
        token=token,
        at=1000.0,
        seconds=0.5,
        outcome=outcome,
        status=202 if accepted else 500,
        order_id=name if accepted else None,
        attempts=len(problems) + accepted,
        problems=problems,
    )
