"""Sagas, across the services that take part in them."""

from dataclasses import asdict
from typing import Annotated, Any, Final, Literal

from aiohttp import web
from pydantic import BaseModel, Field

from gateway.compositions.saga_page import saga_page
from gateway.contract import Contract, Like, Tag
from gateway.upstreams.client import Calls
from gateway.v1.dead_letters import LetterSummaryOut
from gateway.v1.inputs import Input, Note, PageQuery
from gateway.v1.orders import OrderPath, StatusOut
from gateway.v1.payments import StepOut
from gateway.vocabulary import (
    Degraded,
    NextCursor,
    OrderId,
    PaymentId,
    PaymentStatus,
    Quantity,
    Reason,
    Sku,
    Time,
    UserId,
    Version,
)
from services.chassis.http import reply
from services.contracts.money import Money
from services.contracts.order import OrderStatus

SAGAS: Final = Tag("Sagas", "How orders get on, and what can be done about one that does not.")

Phase = Literal["reserving", "authorizing", "confirming", "capturing", "fulfilled", "compensating", "ended"]


class SagasQuery(PageQuery):
    """Which of those that are not over."""

    stuck: Annotated[bool, Field(description="Only those that do not get on.")] = False
    phase: Phase | None = None


class CompensateIn(Input):
    """Why."""

    reason: Note


class SagaOut(BaseModel):
    """Where a saga is. Of one whose read model cannot be read, little more than its order's id is known."""

    order_id: OrderId
    readable: Annotated[bool, Field(examples=[True])]
    stuck: Annotated[
        bool,
        Field(
            description="Its time was over and nobody looked, or it compensates for too long.",
            examples=[False],
        ),
    ]
    user_id: UserId | None
    payment_id: PaymentId | None
    status: OrderStatus | None
    phase: Annotated[Phase | None, Field(description="What it waits for.")]
    reason: Reason
    undo: Annotated[
        tuple[Literal["stock", "payment"], ...], Field(description="What has to be undone.", examples=[[]])
    ]
    deadline: Time | None
    wake_at: Annotated[Time | None, Field(description="When it is looked at; null once it is over.")]
    compensating_since: Annotated[Time | None, Field(examples=[None])]
    version: Version | None
    created_at: Time | None
    updated_at: Time | None


class SagaEventOut(BaseModel):
    """One event of the order's stream."""

    sequence: Annotated[int, Field(examples=[1])]
    at: Time | None
    type: Annotated[str, Field(examples=["order_placed"])]
    details: Annotated[dict[str, Any], Field(examples=[{"deadline": "2026-01-31T12:00:30Z"}])]


class IntentOut(BaseModel):
    """What is being asked of the payment provider, for the `number`-th time that anything is."""

    operation: Literal["authorize", "capture", "void", "refund"]
    number: Annotated[int, Field(examples=[1])]
    attempts: Annotated[int, Field(examples=[1])]
    due_at: Time
    in_flight: Annotated[bool, Field(description="Whether somebody is asking.", examples=[True])]


class SagaPaymentOut(BaseModel):
    """The payment of an order, as operators see it."""

    payment_id: PaymentId
    status: PaymentStatus
    provider: Annotated[str, Field(examples=["sandbox"])] | None
    amount: Money | None
    owes: Annotated[str | None, Field(description="What the order still waits to be told.", examples=[None])]
    asking: Annotated[IntentOut | None, Field(examples=[None])]
    asked: Annotated[int, Field(description="How many things were asked of the provider.", examples=[2])]
    timed_out: Annotated[bool, Field(examples=[False])]
    capture_failed: Annotated[bool, Field(examples=[False])]
    timeline: tuple[StepOut, ...]
    updated_at: Time


class HeldOut(BaseModel):
    """So many of one sku."""

    sku: Sku
    quantity: Quantity


class ReservationOut(BaseModel):
    """What is held, or was taken, for an order."""

    order_id: OrderId
    state: Literal["reserved", "confirmed", "rejected", "released", "expired"]
    held: tuple[HeldOut, ...]
    short: Annotated[tuple[Sku, ...], Field(description="What it was rejected for.", examples=[[]])]
    restocked: Annotated[bool, Field(examples=[False])]
    expires_at: Time | None


class SagaListOut(BaseModel):
    """One page of sagas."""

    items: tuple[SagaOut, ...]
    next_cursor: NextCursor


class SagaPageOut(BaseModel):
    """One saga, whole. What is not there yet is null, and so is what could not be had: that is in `degraded`."""

    order_id: OrderId
    saga: Annotated[dict[str, Any], Like(SagaOut)] | None
    events: tuple[Annotated[dict[str, Any], Like(SagaEventOut)], ...]
    payment: Annotated[dict[str, Any], Like(SagaPaymentOut)] | None
    reservation: Annotated[dict[str, Any], Like(ReservationOut)] | None
    dead_letters: tuple[Annotated[dict[str, Any], Like(LetterSummaryOut)], ...] | None
    degraded: Degraded


async def page(request: web.Request, calls: Calls) -> web.Response:
    """One saga."""
    found = await saga_page(calls, request.match_info["id"])
    return reply(SagaPageOut(**{**asdict(found), **dict(found.saga)}))


_UNREADABLE: Final = {"unreadable": "Its read model must be rebuilt first."}

LIST: Final = Contract(
    SAGAS,
    "list_sagas",
    "The sagas that are not over",
    "The one that must be looked at first comes first.",
    query=SagasQuery,
    gives={200: SagaListOut},
)

PAGE: Final = Contract(
    SAGAS,
    "get_saga",
    "Look at a saga",
    "Its stream, its payment, its reservation, and what died on the way.",
    path=OrderPath,
    gives={200: SagaPageOut},
)

RESUME: Final = Contract(
    SAGAS,
    "resume_saga",
    "Ask again for what a saga waits for",
    "The same things are asked under the same ids, so what was done is not done again. It gets at least 10 s more.",
    path=OrderPath,
    gives={202: StatusOut},
    refuses={409: {**_UNREADABLE, "saga-too-late": "It is over."}},
)

COMPENSATE: Final = Contract(
    SAGAS,
    "compensate_saga",
    "Turn a saga back",
    "What was done for the order is undone, then it is cancelled. "
    "An order that is confirmed is cancelled like by its customer.",
    path=OrderPath,
    takes=CompensateIn,
    gives={202: StatusOut},
    refuses={409: {**_UNREADABLE, "saga-too-late": "It is over, or has turned back already."}},
)
