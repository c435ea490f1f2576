"""Checkout in version 2: what an order would cost looks like what one costs."""

from typing import Annotated, Final, Self

from pydantic import BaseModel, Field

from gateway.compositions.checkout_preview import CheckoutPreview, Notice
from gateway.v1 import checkout as v1
from gateway.v2.orders import TotalsOut
from gateway.vocabulary import Degraded


class PreviewOut(BaseModel):
    """What an order would be charged. There is no shipping to choose from yet."""

    items: tuple[v1.PreviewLineOut, ...]
    totals: TotalsOut
    shipping_options: Annotated[tuple[()], Field(examples=[[]])] = ()
    notices: Annotated[tuple[Notice, ...], Field(examples=[[]])]
    degraded: Degraded

    @classmethod
    def of(cls, preview: CheckoutPreview) -> Self:
        """The preview as version 2 shows it."""
        return cls(
            items=v1.PreviewLineOut.all_of(preview),
            totals=TotalsOut.of(preview.priced),
            notices=preview.notices,
            degraded=preview.degraded,
        )


preview: Final = v1.preview(PreviewOut.of)

PREVIEW: Final = v1.PREVIEW.giving(PreviewOut)
