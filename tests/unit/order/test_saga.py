"""The saga as data: what was heard on the left, what is said and asked on the right."""

from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.contracts.inventory import (
    ConfirmStock,
    ReleaseStock,
    ReserveStock,
    StockConfirmationRefused,
    StockConfirmed,
    StockRejected,
    StockReleased,
    StockReserved,
)
from services.contracts.message import Command
from services.contracts.payment import (
    AuthorizePayment,
    CapturePayment,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentCaptureFailed,
    PaymentDeclined,
    PaymentVoided,
    VoidPayment,
)
from services.order.domain import CancellationStarted, Order, evolve
from services.order.saga import (
    PATIENCE,
    UNEXPECTED,
    CancellationRequested,
    DeadlinePassed,
    ResumeRequested,
    Trigger,
    begin,
    step,
)
from tests.unit.order.orders import LATER, T0, new_order

P = {"order_id": "o1", "payment_id": "p1"}
RESERVED = StockReserved(order_id="o1")
REJECTED = StockRejected(order_id="o1", skus=("mug",))
CONFIRMED = StockConfirmed(order_id="o1")
LAPSED = StockConfirmationRefused(order_id="o1")
RELEASED = StockReleased(order_id="o1", restocked=False)
AUTHORIZED = PaymentAuthorized(**P)
DECLINED = PaymentDeclined(**P, reason="declined")
TIMED_OUT = PaymentDeclined(**P, reason="timeout")
CAPTURED = PaymentCaptured(**P)
CAPTURE_FAILED = PaymentCaptureFailed(**P)
VOIDED = PaymentVoided(**P, refunded=False)
LATE = DeadlinePassed()
CANCEL = CancellationRequested(note="changed my mind", by="u1")
RESUME = ResumeRequested(by="ada")
ANSWERS: list[Trigger] = [
    RESERVED,
    REJECTED,
    CONFIRMED,
    LAPSED,
    RELEASED,
    AUTHORIZED,
    DECLINED,
    CAPTURED,
    CAPTURE_FAILED,
    VOIDED,
]


def after(*triggers: Trigger) -> tuple[Order, list[Command]]:
    """The order after these, and everything that was asked on the way."""
    order = new_order()
    asked = list(begin(order).commands)
    for trigger in triggers:
        decision = step(order, trigger, LATER if trigger is LATE else T0)
        order = reduce(evolve, decision.events, order)
        asked += decision.commands
    return order, asked


def statuses(order: Order) -> list[str]:
    return [entry.status for entry in order.timeline]


def test_the_way_forward_asks_one_thing_after_the_other() -> None:
    order, asked = after(RESERVED, AUTHORIZED, CONFIRMED, CAPTURED)
    assert [type(command) for command in asked] == [
        ReserveStock,
        AuthorizePayment,
        ConfirmStock,
        CapturePayment,
    ]
    assert statuses(order) == ["CREATED", "PENDING", "PAID", "CONFIRMED"]
    assert (order.wake_at, order.reason) == (None, None)


def test_what_is_asked_carries_the_order() -> None:
    _, (reserve, authorize) = after(RESERVED)
    assert isinstance(reserve, ReserveStock)
    assert isinstance(authorize, AuthorizePayment)
    assert [(one.sku, one.quantity) for one in reserve.lines] == [("press", 2), ("mug", 1)]
    assert (authorize.amount.amount, authorize.method.token) == (8997, "tok_approve")


def test_a_reservation_outlives_twice_the_deadline() -> None:
    order = new_order()
    (reserve,) = begin(order).commands
    assert isinstance(reserve, ReserveStock)
    assert reserve.expires_at - order.created_at > 2 * (order.deadline - order.created_at)


@pytest.mark.parametrize(
    ("triggers", "reason", "undone_by"),
    [
        ([REJECTED], "out_of_stock", []),
        ([RESERVED, DECLINED], "payment_declined", [ReleaseStock]),
        ([RESERVED, TIMED_OUT], "payment_timeout", [ReleaseStock]),
        ([RESERVED, AUTHORIZED, LAPSED], "deadline_exceeded", [ReleaseStock, VoidPayment]),
        ([RESERVED, AUTHORIZED, CONFIRMED, CAPTURE_FAILED], "payment_declined", [ReleaseStock, VoidPayment]),
        ([LATE], "deadline_exceeded", [ReleaseStock]),
        ([RESERVED, LATE], "payment_timeout", [ReleaseStock, VoidPayment]),
        ([RESERVED, AUTHORIZED, LATE], "deadline_exceeded", [ReleaseStock, VoidPayment]),
        ([RESERVED, AUTHORIZED, CONFIRMED, LATE], "deadline_exceeded", [ReleaseStock, VoidPayment]),
        ([CANCEL], "requested", [ReleaseStock]),
        ([RESERVED, AUTHORIZED, CANCEL], "requested", [ReleaseStock, VoidPayment]),
        ([RESERVED, AUTHORIZED, CONFIRMED, CAPTURED, CANCEL], "requested", [ReleaseStock, VoidPayment]),
    ],
)
def test_the_way_back_undoes_what_may_have_been_done(
    triggers: list[Trigger], reason: str, undone_by: list[type[Command]]
) -> None:
    _, forward = after(*triggers[:-1])
    order, asked = after(*triggers)
    assert [type(command) for command in asked[len(forward) :]] == undone_by
    assert order.reason == reason
    assert (order.status == "CANCELLED") == (not undone_by)


@pytest.mark.parametrize("answers", [[RELEASED, VOIDED], [VOIDED, RELEASED], [RELEASED, RELEASED, VOIDED]])
def test_cancelled_only_when_every_compensation_is_acknowledged(answers: list[Trigger]) -> None:
    before_last, _ = after(RESERVED, AUTHORIZED, LATE, *answers[:-1])
    assert before_last.status == "PENDING"
    order, _ = after(RESERVED, AUTHORIZED, LATE, *answers)
    assert order.status == "CANCELLED"
    assert order.wake_at is None


def test_a_compensation_without_an_answer_is_asked_for_again() -> None:
    order, asked = after(RESERVED, AUTHORIZED, LATE, RELEASED, LATE)
    assert isinstance(asked[-1], VoidPayment)
    assert not isinstance(asked[-2], ReleaseStock) or asked.count(asked[-2]) == 1
    assert order.wake_at is not None
    assert order.wake_at > LATER


@pytest.mark.parametrize("ended", [[REJECTED], [CANCEL, RELEASED]])
def test_an_ended_saga_hears_nothing_more(ended: list[Trigger]) -> None:
    order, _ = after(*ended)
    assert order.phase == "ended"
    for trigger in [*ANSWERS, LATE, CANCEL, RESUME]:
        assert step(order, trigger, LATER) is UNEXPECTED


def test_an_answer_twice_changes_nothing() -> None:
    once, _ = after(RESERVED, AUTHORIZED)
    assert step(once, AUTHORIZED, LATER) is UNEXPECTED
    assert step(once, RESERVED, LATER) is UNEXPECTED


@pytest.mark.parametrize(
    "triggers",
    [
        [],
        [RESERVED],
        [RESERVED, AUTHORIZED],
        [RESERVED, AUTHORIZED, CONFIRMED],
        [RESERVED, AUTHORIZED, LATE],
        [RESERVED, AUTHORIZED, LATE, VOIDED],
    ],
)
def test_resuming_asks_again_for_what_is_waited_for_and_gives_it_time(triggers: list[Trigger]) -> None:
    before, asked = after(*triggers)
    waited_for = step(before, RESUME, LATER)
    if not before.undo:
        assert waited_for.commands == (asked[-1],)
    else:
        assert len(waited_for.commands) == len(before.undo)
        assert set(waited_for.commands) <= set(asked)
    resumed = reduce(evolve, waited_for.events, before)
    assert (resumed.phase, resumed.status, resumed.undo) == (before.phase, before.status, before.undo)
    assert resumed.wake_at is not None
    assert resumed.wake_at >= LATER + PATIENCE


def test_a_confirmed_order_has_nothing_to_resume() -> None:
    order, _ = after(RESERVED, AUTHORIZED, CONFIRMED, CAPTURED)
    assert step(order, RESUME, LATER) is UNEXPECTED


def test_who_asked_for_a_cancellation_is_known() -> None:
    order, _ = after(RESERVED)
    (started,) = step(order, CANCEL, LATER).events
    assert isinstance(started, CancellationStarted)
    assert (started.note, started.by) == ("changed my mind", "u1")
    assert evolve(order, started).compensating_since == LATER
    (timed_out,) = step(order, LATE, LATER).events
    assert isinstance(timed_out, CancellationStarted)
    assert (timed_out.note, timed_out.by) == (None, None)


@given(st.lists(st.sampled_from([*ANSWERS, LATE, CANCEL, RESUME]), max_size=25))
def test_whatever_is_heard_the_invariants_hold(triggers: list[Trigger]) -> None:
    order, asked = after(*triggers)
    said = statuses(order)
    assert not {"CONFIRMED", "CANCELLED"} <= set(said) or said.index("CONFIRMED") < said.index("CANCELLED")
    if order.status == "CONFIRMED":
        assert order.undo == () or order.phase == "compensating"
    if order.status == "CANCELLED":
        assert order.undo == ()
        assert order.reason is not None
        if (
            any(isinstance(command, AuthorizePayment) for command in asked)
            and order.reason != "payment_declined"
        ):
            assert any(isinstance(command, VoidPayment) for command in asked) or TIMED_OUT in triggers
    assert sum(isinstance(command, CapturePayment) for command in asked) <= 1 + triggers.count(RESUME)
    assert order.phase in ("ended", "fulfilled") or order.wake_at is not None
