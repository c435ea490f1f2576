"""Whatever comes out of a queue of dead letters is kept, and can be stored and shown."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import bson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.raw_consumer import Delivery
from services.operations.domain import DeadLetter
from services.operations.intake import MAX_BODY, dead_letter
from services.operations.schemas import LetterOut
from tests.unit.operations.letters import T0, delivery

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text()
    | st.binary()
    | st.datetimes()
    | st.decimals(allow_nan=False)
)
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=20,
)
names = st.text(max_size=20) | st.sampled_from(
    ["x-queue", "x-reason", "x-attempts", "x-history", "x-dead-at", "x-replays", "traceparent", "x-death"]
)


def stored(letter: DeadLetter) -> DeadLetter:
    """The letter after a round trip through MongoDB's format."""
    options = bson.CodecOptions[dict[str, Any]](tz_aware=True)
    return DeadLetter.model_validate(bson.decode(bson.encode(letter.model_dump()), options))


def test_what_a_consumer_says_is_kept() -> None:
    letter = dead_letter(delivery(), T0)
    assert (letter.service, letter.queue, letter.kind) == (
        "order",
        "order.saga",
        "payment.payment_captured.v1",
    )
    assert (letter.message_id, letter.correlation_id, letter.order_id) == ("m1", "c1", "o1")
    assert (letter.reason, letter.attempts, letter.died_at) == ("attempts_exhausted", 4, T0)
    assert letter.headers.keys() == {"traceparent", "x-aggregate", "x-version"}
    assert letter.traceparent.startswith("00-0af7651916cd43dd8448eb211c80319c")
    assert (letter.replayable, letter.size, letter.body) == (True, 18, b'{"order_id": "o1"}')


def test_a_message_is_one_letter_in_each_queue_where_it_died() -> None:
    first, again = dead_letter(delivery(), T0), dead_letter(delivery(body=b"other"), T0)
    elsewhere = dead_letter(delivery(x_queue="order.catalogue"), T0)
    assert first.id == again.id != elsewhere.id


def test_one_without_an_id_is_known_by_what_is_in_it() -> None:
    bare = [Delivery("order.dead-letters", None, None, None, {}, body) for body in (b"a", b"a", b"b")]
    first, same, other = (dead_letter(one, datetime.now(UTC)) for one in bare)
    assert first.id == same.id != other.id
    assert (first.queue, first.replayable, first.reason) == ("order.dead-letters", False, "unknown")


@pytest.mark.parametrize(
    "text", ["", "soon", "2026-03-27", "9999-12-31T23:59:59-23:00", "0001-01-01T00:00:00+23:00"]
)
def test_a_time_that_makes_no_sense_is_the_time_of_arrival(text: str) -> None:
    letter = dead_letter(delivery(x_dead_at=text), T0)
    assert stored(letter) == letter


def test_a_body_too_large_to_be_kept_is_cut_and_stays() -> None:
    letter = dead_letter(delivery(body=b"x" * (MAX_BODY + 1)), T0)
    assert (len(letter.body), letter.size, letter.replayable) == (MAX_BODY, MAX_BODY + 1, False)


def test_headers_come_back_as_they_were() -> None:
    headers: dict[str, Any] = {"a.b": {"$set": [1, 2.5, None, True, "é"]}, "": "empty"}
    letter = dead_letter(delivery(**headers), T0)
    assert letter.headers["a.b"] == headers["a.b"]
    odd = dead_letter(delivery(big=2**64, when=T0, exact=Decimal("1.5"), raw=b"\xff"), T0)
    assert {"big", "when", "exact", "raw"} <= odd.headers.keys()


@given(
    st.binary(max_size=200),
    st.dictionaries(names, anything, max_size=6),
    st.none() | st.text(max_size=255),
    st.none() | st.text(max_size=255),
)
def test_nothing_is_too_odd(body: bytes, headers: dict[str, Any], id: str | None, kind: str | None) -> None:
    letter = dead_letter(Delivery("order.dead-letters", id, kind, None, headers, body), T0)
    assert stored(letter).model_copy(update={"headers": {}}) == letter.model_copy(update={"headers": {}})
    assert LetterOut.of(letter).model_dump_json()
