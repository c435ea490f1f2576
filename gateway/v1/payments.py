"""Payments, and what payment providers tell us of them: signed, and therefore passed on untouched."""

from typing import Annotated, Final

from aiohttp import web
from pydantic import BaseModel, Field

from gateway.contract import Contract, Tag
from gateway.endpoint import headers_of, passed_back
from gateway.upstreams.client import Calls, Service, path
from gateway.vocabulary import OrderId, PaymentId, PaymentStatus, Time
from services.chassis.http import read_body
from services.contracts.money import Money

PAYMENTS: Final = Tag("Payments", "What was authorized, captured and given back.")


_Signature = Annotated[
    str,
    Field(
        description='The sandbox\'s: `t=<unix seconds>,v1=<hex HMAC-SHA256(secret, t + "." + body)>`, good for 300 s.',
        examples=["t=1769860800,v1=5f0a1c3e"],
    ),
]


class PaymentPath(BaseModel):
    """Which payment."""

    id: PaymentId


class StepOut(BaseModel):
    """When the payment got a status."""

    status: PaymentStatus
    at: Time


class PaymentOut(BaseModel):
    """A payment."""

    payment_id: PaymentId
    order_id: OrderId
    status: PaymentStatus
    provider: Annotated[str, Field(examples=["sandbox"])]
    amount: Money
    captured: Annotated[Money, Field(description="What was taken of it.")]
    refunded: Annotated[Money, Field(description="What was given back of that.")]
    timeline: tuple[StepOut, ...]
    created_at: Time
    updated_at: Time


class ProviderPath(BaseModel):
    """Which provider."""

    provider: Annotated[str, Field(description="Of payments.", examples=["sandbox"])]


class WebhookHeaders(BaseModel):
    """Who says so."""

    signature: _Signature | None = Field(None, alias="X-Portico-Signature")


class SandboxNotice(BaseModel):
    """What the sandbox says; each provider has a form of its own."""

    event_id: Annotated[
        str,
        Field(
            min_length=1, max_length=100, description="The same however often it is sent.", examples=["e1"]
        ),
    ]
    type: Annotated[
        str,
        Field(
            max_length=100,
            description="`payment.authorized`, `.captured`, `.declined` or `.refunded`; of no interest otherwise.",
            examples=["payment.captured"],
        ),
    ]
    payment_id: Annotated[PaymentId, Field(max_length=100)]
    amount: Money
    occurred_at: Time


class ReceiptOut(BaseModel):
    """It has been taken note of."""

    received: Annotated[bool, Field(examples=[True])]


async def webhook(request: web.Request, calls: Calls) -> web.Response:
    """The payment service verifies the signature over the body as it came."""
    return passed_back(
        await calls.ask(
            Service.PAYMENT,
            "POST",
            path("webhooks", request.match_info["provider"]),
            body=await read_body(request),
            headers=headers_of(request, ("Content-Type", "X-Portico-Signature")),
        )
    )


GET: Final = Contract(
    PAYMENTS,
    "get_payment",
    "Look at a payment",
    "Support and admin may look at everybody's.",
    path=PaymentPath,
    gives={200: PaymentOut},
)

WEBHOOK: Final = Contract(
    PAYMENTS,
    "payment_webhook",
    "For payment providers",
    "Whatever is signed by the provider is believed. The same event again has no second effect.",
    path=ProviderPath,
    headers=WebhookHeaders,
    takes=SandboxNotice,
    gives={200: ReceiptOut},
    refuses={401: {"bad-signature": "The signature is missing, wrong or too old."}},
)
