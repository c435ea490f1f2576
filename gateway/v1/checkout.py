"""Checkout: what an order would cost, before it is placed."""

from typing import Self

from aiohttp import web

from gateway.compositions.checkout_preview import CheckoutPreview, Notice, checkout_preview
from gateway.compositions.page import OPTIONAL_SECONDS
from gateway.endpoint import json_object, no_parameters
from gateway.upstreams import order as source
from gateway.upstreams.client import Calls
from services.chassis.http import reply


class PreviewLineOut(source.Line):
    """One line; `available` is null when it is not counted or unknown."""

    available: int | None


class PreviewOut(source.Priced):
    """What an order would be charged. There is no shipping to choose from yet."""

    items: tuple[PreviewLineOut, ...]
    shipping_options: tuple[()] = ()
    notices: tuple[Notice, ...]
    degraded: tuple[str, ...]

    @classmethod
    def of(cls, preview: CheckoutPreview) -> Self:
        """The preview as version 1 shows it."""
        stock = preview.stock or {}
        items = tuple(
            PreviewLineOut(**dict(line), available=stock.get(line.sku)) for line in preview.priced.items
        )
        return cls(
            **dict(preview.priced) | {"items": items}, notices=preview.notices, degraded=preview.degraded
        )


async def preview(request: web.Request, calls: Calls) -> web.Response:
    """The totals of an order that is only thought of. Nothing is stored or reserved."""
    no_parameters(request)
    body = await json_object(request)
    return reply(PreviewOut.of(await checkout_preview(calls, request.app[OPTIONAL_SECONDS], body)))
