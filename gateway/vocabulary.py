"""The words of the public API: what they mean, with an example of each. They describe a value and check nothing."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from services.contracts.order import CancelReason, OrderStatus

UserId = Annotated[str, Field(description="Id of an account.", examples=["01a208bbe8ce75ed81f7cc3b284feaba"])]
OrderId = Annotated[str, Field(description="Id of an order.", examples=["01a208bc0f2e7c31b8d3a0f54c6e9d12"])]
PaymentId = Annotated[
    str, Field(description="Id of a payment.", examples=["01a208bc0f2f70a48e1b5d7790c3ab56"])
]
ProductId = Annotated[
    str, Field(description="Id of a product.", examples=["01a208ba5d1b7f0e9c4487e21d60fa33"])
]

Email = Annotated[
    str,
    Field(
        description="Kept in lower case.",
        examples=["ada@example.test"],
        json_schema_extra={"format": "email"},
    ),
]
FullName = Annotated[str, Field(examples=["Ada Lovelace"])]

Slug = Annotated[
    str, Field(description="The product's name in URLs; unique.", examples=["pour-over-coffee-maker"])
]
Sku = Annotated[
    str,
    Field(
        description="What is ordered and stocked: one variant of a product.",
        examples=["pour-over-coffee-maker"],
    ),
]
ProductName = Annotated[str, Field(examples=["Pour-over Coffee Maker"])]
ProductText = Annotated[
    str, Field(description="For people.", examples=["Borosilicate carafe with a reusable steel filter."])
]
CategoryPath = Annotated[
    str,
    Field(
        description="The way to it in the tree of categories, with slashes between.",
        examples=["kitchen/coffee"],
    ),
]
Brand = Annotated[str, Field(examples=["Brewline"])]
Label = Annotated[str, Field(examples=["gift"])]
ImageUrl = Annotated[
    str,
    Field(
        description="Absolute, or relative to this server.",
        examples=["/media/products/pour-over-coffee-maker.jpg"],
    ),
]
ImageText = Annotated[str, Field(description="In place of the image.", examples=["A glass carafe"])]
Attributes = Annotated[
    dict[str, str],
    Field(description="What tells it from its product's other variants.", examples=[{"size": "6 cups"}]),
]
Available = Annotated[
    int | None, Field(description="How many can be sold; null where nobody counts.", examples=[40])
]
Quantity = Annotated[int, Field(examples=[2])]

ProductStatus = Annotated[
    str,
    Field(
        description="Only what is active is shown to everybody.",
        examples=["active"],
        json_schema_extra={"enum": ["draft", "active", "archived"]},
    ),
]
PaymentStatus = Annotated[
    str,
    Field(
        examples=["captured"],
        json_schema_extra={
            "enum": ["pending", "processing", "authorized", "captured", "declined", "voided", "refunded"]
        },
    ),
]

Status = Annotated[OrderStatus, Field(description="Where the order is.", examples=["CONFIRMED"])]
Reason = Annotated[
    CancelReason | None, Field(description="Why it was cancelled; null unless it was.", examples=[None])
]

Version = Annotated[int, Field(description="Counts its changes, from 1.", examples=[3])]
Sequence = Annotated[int, Field(description="Counts from 1, without a gap.", examples=[1])]
Time = Annotated[datetime, Field(examples=["2026-01-31T12:00:00.250Z"])]

Cursor = Annotated[
    str,
    Field(
        description="Where to begin, as the page before says. Opaque.",
        examples=["eyJhZnRlciI6IjAxYTIwOGJjIn0"],
    ),
]
NextCursor = Annotated[
    str | None,
    Field(
        description="The `cursor` of the next page; null on the last one.",
        examples=["eyJhZnRlciI6IjAxYTIwOGJjIn0"],
    ),
]
Degraded = Annotated[
    tuple[str, ...],
    Field(
        description="Names the sections that could not be had this time and are null for that.", examples=[[]]
    ),
]
