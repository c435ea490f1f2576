"""The checks find what is wrong and nothing else: each is shown a shop where all is well, and then one thing is not."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scripts.layout import CHECKOUT
from tests.faults.books import Books
from tests.faults.evidence import Evidence
from tests.faults.fold import Broken, Doc, replay
from tests.faults.invariants import GRACE, violations
from tests.faults.seen import Ordered, Seen
from tests.faults.witness import Heard

T0 = datetime(2030, 1, 1, tzinfo=UTC)
USD = {"currency": "USD"}


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def stream(order_id: str, *events: Doc) -> list[Doc]:
    """The stored events of an order of 2 plums that was placed at T0, and what came after."""
    line = {"sku": "plum", "quantity": 2, "unit_price": {"amount": 150, **USD}}
    placed = {
        "type": "order_placed",
        "at": at(0),
        "order_id": order_id,
        "user_id": "ada",
        "lines": [line],
        "subtotal": {"amount": 300, **USD},
        "shipping_address": {},
        "payment_id": f"pay-{order_id}",
        "method": {},
        "deadline": at(30),
    }
    return [{"sequence": number, "event": event} for number, event in enumerate([placed, *events], 1)]


def happened(kind: str, seconds: float, **more: object) -> Doc:
    return {"type": kind, "at": at(seconds), **more}


def confirmed(order_id: str) -> list[Doc]:
    kinds = ("stock_held", "amount_held", "stock_taken", "amount_taken", "order_confirmed")
    return stream(order_id, *(happened(kind, n) for n, kind in enumerate(kinds, 1)))


def cancelled(order_id: str) -> list[Doc]:
    turned = happened(
        "cancellation_started", 2, reason="payment_declined", undo=["stock"], ask_again_at=at(12)
    )
    return stream(
        order_id,
        happened("stock_held", 1),
        turned,
        happened("undone", 3, what="stock"),
        happened("order_cancelled", 3),
    )


def announcements(order: Doc) -> list[Heard]:
    return [
        Heard(
            id=f"{order['order_id']}-{entry['sequence']}",
            kind="order.order_status_changed.v1",
            body=json.dumps({"order_id": order["order_id"], **entry, "at": ""}).encode(),
            cause=f"cause-{entry['sequence']}",
            aggregate=f"order/{order['order_id']}",
            version=entry["sequence"],
        )
        for entry in order["timeline"]
    ]


def ordered(order_id: str) -> Ordered:
    return Ordered(f"key-{order_id}", {"plum": 2}, "tok_approve", order_id, 0.0, (), False)


def all_is_well() -> Evidence:
    """Of 10 plums two were sold to `yes`, and none to `no`."""
    streams = {"yes": confirmed("yes"), "no": cancelled("no")}
    orders = {order_id: replay(events) for order_id, events in streams.items()}
    terms = {"amount": {"amount": 300, **USD}}
    books = Books(
        orders=orders,
        streams=streams,
        named={"key-yes": "yes", "key-no": "no"},
        reservations={"yes": {"state": "confirmed"}, "no": {"state": "released"}},
        payments={
            "yes": [{"payment_id": "pay-yes", "status": "captured", "terms": terms}],
            "no": [{"payment_id": "pay-no", "status": "declined", "terms": terms}],
        },
        charges={"pay-yes": {"state": "captured", "captured": ["k"]}, "pay-no": {"state": "declined"}},
        shelf={"plum": {"quantity": 8, "reserved": 0}},
        counted={"plum": 10},
        sold={"plum": 2},
        adjustments=Counter({"first": 1}),
    )
    return Evidence(
        calm_at=at(5),
        books=books,
        seen=Seen([ordered("yes"), ordered("no")], counted={"first": True}),
        heard=[heard for order in orders.values() for heard in announcements(order)],
        unsent={},
        waiting={},
        not_taken={},
        died=[("order.saga", "m")],
        poisoned={("order.saga", "m"): True, ("order.saga", "n"): False},
    )


Spoil = Callable[[Evidence], Evidence]


def books(**changes: Callable[[Any], Any]) -> Spoil:
    """Change what the books say."""

    def spoil(evidence: Evidence) -> Evidence:
        changed = {name: change(getattr(evidence.books, name)) for name, change in changes.items()}
        return replace(evidence, books=replace(evidence.books, **changed))

    return spoil


def evidence(**changes: Any) -> Spoil:
    """Change what else is known."""
    return lambda well: replace(well, **changes)


def wrote_down(*orders: Ordered, **changes: Any) -> Spoil:
    """Change what the customers saw."""
    return lambda well: replace(well, seen=replace(well.seen, orders=[*well.seen.orders, *orders], **changes))


def with_order(**changes: object) -> Callable[[dict[str, Doc]], dict[str, Doc]]:
    return lambda orders: {**orders, "yes": {**orders["yes"], **changes}}


def instead(**changes: object) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda known: {**known, **changes}


def without(*names: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda known: {name: value for name, value in known.items() if name not in names}


LOST = replace(ordered("lost"), key="key-lost")
REFUSED = replace(ordered(""), order_id=None, refused=True, problems=("401 the token is too old",))
LATECOMER = Heard("late", "order.something.v1", b"", "", "order/yes", 1)


def say_again(well: Evidence) -> Evidence:
    return replace(well, heard=[*well.heard, replace(well.heard[-1], id="again")])


@pytest.mark.parametrize(
    ("check", "spoil"),
    [
        ("accepted", wrote_down(LOST)),
        ("accepted", wrote_down(REFUSED)),
        ("accepted", wrote_down(refused=[("GET /", "404 nothing")])),
        ("placed once", books(named=without("key-yes"))),
        ("placed once", books(named=instead(other="yes"))),
        ("placed once", wrote_down(replace(ordered("yes"), items={"plum": 3}))),
        ("ended", books(orders=with_order(status="PAID"))),
        ("ended", books(orders=with_order(updated_at=at(31) + GRACE))),
        ("ended", wrote_down(cancelled=["yes"])),
        (
            "charged once",
            books(charges=instead(**{"pay-yes": {"state": "captured", "captured": ["a", "b"]}})),
        ),
        ("charged once", books(charges=instead(other={"state": "held"}))),
        ("charged once", books(payments=instead(yes=[{"payment_id": "pay-yes"}, {"payment_id": "x"}]))),
        ("money", books(charges=instead(**{"pay-yes": {"state": "held"}}))),
        ("money", books(charges=instead(**{"pay-no": {"state": "captured"}}))),
        ("money", books(payments=instead(no=[{"payment_id": "pay-no", "status": "authorized"}]))),
        ("stock", books(shelf=instead(plum={"quantity": 9, "reserved": 0}))),
        ("stock", books(shelf=instead(plum={"quantity": 8, "reserved": 1}))),
        ("stock", books(counted=instead(pear=1))),
        ("stock", books(reservations=instead(no={"state": "reserved"}))),
        ("stock", books(reservations=instead(yes={"state": "expired"}))),
        ("counted once", books(adjustments=lambda _: Counter())),
        ("counted once", books(adjustments=lambda _: Counter({"first": 2}))),
        ("sent", evidence(unsent={"order": 1})),
        ("sent", evidence(waiting={"order.saga": 1})),
        ("taken", evidence(not_taken={"order.saga": {"m"}})),
        ("said once", say_again),
        ("in order", lambda well: replace(well, heard=[*well.heard, LATECOMER])),
        ("announced", lambda well: replace(well, heard=well.heard[1:])),
        ("replays", books(orders=with_order(version=5))),
        ("replays", books(streams=instead(yes=confirmed("yes")[:-1]))),
        ("replays", books(streams=without("yes"))),
        ("dead letters", evidence(died=[])),
        ("dead letters", evidence(died=[("order.saga", "m"), ("order.saga", "stranger")])),
    ],
)
def test_a_check_finds_what_is_wrong(check: str, spoil: Spoil) -> None:
    assert violations(all_is_well()) == {}
    assert check in violations(spoil(all_is_well()))


def test_a_clock_that_is_ahead_excuses_tokens_that_are_too_old_and_late_ends_and_nothing_else() -> None:
    late = books(orders=with_order(updated_at=at(31) + GRACE))
    spoilt = wrote_down(REFUSED, refused=[("GET /", "401 too old")])(late(all_is_well()))
    assert "accepted" in violations(spoilt) and "ended" in violations(spoilt)
    assert not {"accepted", "ended"} & violations(replace(spoilt, ahead=timedelta(hours=1))).keys()
    lost = wrote_down(LOST)(replace(all_is_well(), ahead=timedelta(hours=1)))
    assert "accepted" in violations(lost)


def test_what_was_told_of_an_earlier_row_is_not_told_again() -> None:
    first = all_is_well().books
    assert violations(replace(all_is_well(), books=first.without([]))) == {}
    second = first.without([first])
    assert not (second.orders or second.streams or second.named or second.payments or second.charges)
    held = replace(first, reservations={"yes": {"state": "reserved"}})
    assert held.without([first]).reservations == held.reservations


@pytest.mark.parametrize(
    "broken",
    [
        [],
        confirmed("yes")[1:],
        confirmed("yes")[:2] + confirmed("yes")[3:],
        stream("yes", happened("order_confirmed", 1)),
        stream("yes", happened("nobody_knows", 1)),
    ],
)
def test_a_stream_that_makes_no_sense_cannot_be_replayed(broken: list[Doc]) -> None:
    with pytest.raises(Broken):
        replay(broken)


def test_the_checks_know_nothing_of_what_they_check() -> None:
    program = (
        "import sys, tests.faults.audit;"
        "assert not [name for name in sys.modules if name.startswith(('services', 'gateway', 'scripts'))]"
    )
    subprocess.run([sys.executable, "-c", program], cwd=CHECKOUT, check=True, timeout=30)
