"""What must be true of the platform once the dust has settled, whatever happened to it.

Each check yields a sentence for everything that it finds wrong. What it knows are documents and messages.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Final

from tests.faults.books import FINAL
from tests.faults.evidence import Evidence
from tests.faults.fold import Broken, Doc, replay

GRACE: Final = timedelta(seconds=30)
"""How long after its deadline, or after the end of the fault, an order may take to be undone."""
GIVEN_BACK: Final = ("declined", "voided", "refunded")
ANNOUNCEMENT: Final = "order.order_status_changed.v1"


def accepted(evidence: Evidence) -> Iterator[str]:
    """No accepted order is lost, and nothing that should be accepted was refused."""
    for order in evidence.seen.orders:
        if order.refused and not _too_old(order.problems[-1], evidence):
            yield f"a valid order was refused: {order.problems[-1]}"
        elif order.order_id and order.order_id not in evidence.books.orders:
            yield f"order {order.order_id} was accepted and is not there"
    for request, problem in evidence.seen.refused:
        if not _too_old(problem, evidence):
            yield f"refused: {request}: {problem}"


def placed_once(evidence: Evidence) -> Iterator[str]:
    """Each Idempotency-Key led to one order, which is what was asked for."""
    books = evidence.books
    for wanted in evidence.seen.orders:
        named = books.named.get(wanted.key, "")
        if wanted.order_id and wanted.order_id != named:
            yield f"order {wanted.order_id} was accepted, its key names {named}"
        lines = books.orders[named]["lines"] if named in books.orders else ()
        if lines and {line["sku"]: line["quantity"] for line in lines} != wanted.items:
            yield f"order {named} is not what was asked for"
    led_to = Counter(books.named.values())
    yield from (f"{count} keys led to order {order_id}" for order_id, count in led_to.items() if count > 1)
    yield from (f"nobody's key led to order {order_id}" for order_id in books.orders.keys() - led_to.keys())


def ended(evidence: Evidence) -> Iterator[str]:
    """Each order is in a final state, and got there in time."""
    for order_id, order in evidence.books.orders.items():
        if order["status"] not in FINAL:
            yield f"order {order_id} is {order['status']}, {order['phase']}"
        elif order["updated_at"] > max(order["deadline"], evidence.calm_at) + GRACE + evidence.ahead:
            yield f"order {order_id} ended only at {order['updated_at']}"
    for order_id in evidence.seen.cancelled:
        if (status := evidence.books.orders.get(order_id, {}).get("status")) != "CANCELLED":
            yield f"order {order_id} is {status} though its cancellation was accepted"


def charged_once(evidence: Evidence) -> Iterator[str]:
    """No order is charged twice, and nobody is charged without one."""
    books = evidence.books
    known = {order["payment_id"]: order_id for order_id, order in books.orders.items()}
    for order_id, payments in books.payments.items():
        if [payment["payment_id"] for payment in payments] != [books.orders[order_id]["payment_id"]]:
            yield f"order {order_id} has {len(payments)} payments"
    for payment_id, charge in books.charges.items():
        if payment_id not in known:
            yield f"charge {payment_id} belongs to no order"
        # A provider tells repetitions by their key: a second key would be a second charge.
        for done in ("authorized", "captured", "refunded"):
            if len(keys := charge.get(done, ())) > 1:
                yield f"charge {payment_id} was {done} under {len(keys)} keys"


def money(evidence: Evidence) -> Iterator[str]:
    """What was captured is confirmed, and of what is cancelled nothing is kept."""
    for order_id, order in evidence.books.orders.items():
        payment: Doc = next(iter(evidence.books.payments.get(order_id, ())), {})
        charge: Doc = evidence.books.charges.get(order["payment_id"], {})
        states = payment.get("status"), charge.get("state")
        kept = any(state and state not in GIVEN_BACK for state in states)
        captured = states == ("captured", "captured")
        wrong = {"CONFIRMED": not captured, "CANCELLED": kept}
        if wrong.get(order["status"]):
            yield f"order {order_id} is {order['status']}, its payment and its charge are {states}"
        elif captured and payment["terms"]["amount"] != order["subtotal"]:
            yield f"order {order_id} costs {order['subtotal']}, {payment['terms']['amount']} was captured"
        if payment.get("intent") or payment.get("owes"):
            yield f"the payment of order {order_id} is not done: {payment.get('intent')}"


def stock(evidence: Evidence) -> Iterator[str]:
    """Stock is what was counted less what was sold, and nothing is held any more."""
    books = evidence.books
    for sku in books.shelf.keys() | books.counted.keys() | books.sold.keys():
        there = books.shelf.get(sku, {"quantity": 0, "reserved": 0})
        expected = books.counted.get(sku, 0) - books.sold.get(sku, 0)
        if there["quantity"] != expected or there["quantity"] < 0:
            yield f"{there['quantity']} of {sku} are there, {expected} must be"
        if there["reserved"]:
            yield f"{there['reserved']} of {sku} are still reserved"
    for order_id, reservation in books.reservations.items():
        status, state = books.orders.get(order_id, {}).get("status"), reservation["state"]
        if state == "reserved" or (state == "confirmed") != (status == "CONFIRMED"):
            yield f"order {order_id} is {status}, its reservation {state}"


def counted_once(evidence: Evidence) -> Iterator[str]:
    """Each adjustment of stock that was accepted was made once, and no other twice."""
    made = evidence.books.adjustments
    for key, was_accepted in evidence.seen.counted.items():
        if made[key] > 1 or made[key] < was_accepted:
            yield f"the adjustment {key} was {'' if was_accepted else 'not '}accepted and made {made[key]} times"


def sent(evidence: Evidence) -> Iterator[str]:
    """Outboxes and queues are empty."""
    for database, count in evidence.unsent.items():
        yield f"{count} messages are still in the outbox of {database}"
    for queue, count in evidence.waiting.items():
        yield f"{count} messages still wait in {queue}"


def taken(evidence: Evidence) -> Iterator[str]:
    """Whatever was said was taken in by everybody to whom it was routed."""
    for queue, message_ids in evidence.not_taken.items():
        if message_ids:
            yield f"{len(message_ids)} messages to {queue} were never taken in, such as {min(message_ids)}"


def said_once(evidence: Evidence) -> Iterator[str]:
    """No message had its effect twice: nothing was said twice because of the same message."""
    said = defaultdict(set)
    for heard in evidence.heard:
        if heard.cause:
            said[heard.cause, heard.kind, heard.body].add(heard.id)
    for (cause, kind, _), ids in said.items():
        if len(ids) > 1:
            yield f"{kind} was said {len(ids)} times because of {cause}"


def in_order(evidence: Evidence) -> Iterator[str]:
    """What is said of one aggregate is said in the order of its versions."""
    latest: dict[str, int] = {}
    for heard in evidence.heard:
        if heard.version < latest.get(heard.aggregate, 0):
            yield f"{heard.kind} of {heard.aggregate} {heard.version} came after version {latest[heard.aggregate]}"
        latest[heard.aggregate] = max(heard.version, latest.get(heard.aggregate, 0))


def announced(evidence: Evidence) -> Iterator[str]:
    """Every status of every order was announced."""
    announcements = defaultdict(set)
    for heard in evidence.heard:
        if heard.kind == ANNOUNCEMENT:
            body = json.loads(heard.body)
            announcements[body["order_id"]].add((body["sequence"], body["status"]))
    for order_id, order in evidence.books.orders.items():
        statuses = {(entry["sequence"], entry["status"]) for entry in order["timeline"]}
        if missing := sorted(statuses - announcements[order_id]):
            yield f"order {order_id} was never announced to be {missing}"


def replays(evidence: Evidence) -> Iterator[str]:
    """Every stream of events adds up to its read model."""
    for order_id, order in evidence.books.orders.items():
        try:
            replayed = replay(evidence.books.streams.get(order_id, ()))
        except Broken as error:
            yield f"the stream of order {order_id} {error}"
            continue
        if wrong := [
            name for name in replayed.keys() | order.keys() if replayed.get(name) != order.get(name)
        ]:
            yield f"order {order_id} differs from its stream in {', '.join(sorted(wrong))}"


def dead_letters(evidence: Evidence) -> Iterator[str]:
    """Dead letters are what was poisoned, and nothing else."""
    died = set(evidence.died)
    yield from (
        f"message {message_id} died in {queue}" for queue, message_id in died - evidence.poisoned.keys()
    )
    for (queue, message_id), arrived in evidence.poisoned.items():
        if arrived and (queue, message_id) not in died:
            yield f"the poisoned message {message_id} did not die in {queue}"


def _too_old(problem: str, evidence: Evidence) -> bool:
    """Whether it is what a process says whose clock is ahead of all tokens."""
    return bool(evidence.ahead) and problem.startswith("401 ")


CHECKS: Final[tuple[Callable[[Evidence], Iterator[str]], ...]] = (
    accepted,
    placed_once,
    ended,
    charged_once,
    money,
    stock,
    counted_once,
    sent,
    taken,
    said_once,
    in_order,
    announced,
    replays,
    dead_letters,
)


def violations(evidence: Evidence) -> dict[str, list[str]]:
    """What is wrong, by the name of the check that found it."""
    found = {check.__name__.replace("_", " "): list(check(evidence)) for check in CHECKS}
    return {name: sentences for name, sentences in found.items() if sentences}
