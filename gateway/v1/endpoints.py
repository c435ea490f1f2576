"""Version 1 on one screen: what there is, who may call it, and where it goes."""

from functools import partial
from typing import Final

from gateway.endpoint import Endpoint, Key, Who, passed_to
from gateway.live.stream import events
from gateway.upstreams.client import Service
from gateway.v1 import orders, products, webhooks

PREFIX: Final = "/api/v1"

_auth = partial(passed_to, Service.AUTH)
_product = partial(passed_to, Service.PRODUCT)
_stock = partial(passed_to, Service.INVENTORY)
_order = partial(passed_to, Service.ORDER)
_payment = partial(passed_to, Service.PAYMENT)

# fmt: off
ENDPOINTS: Final = (
    Endpoint("POST",   "/auth/register",                Who.ANYONE, _auth("/register")),
    Endpoint("POST",   "/auth/login",                   Who.ANYONE, _auth("/login")),
    Endpoint("POST",   "/auth/refresh",                 Who.ANYONE, _auth("/refresh")),
    Endpoint("POST",   "/auth/logout",                  Who.ANYONE, _auth("/logout")),

    Endpoint("GET",    "/products",                     Who.ANYONE, products.index),
    Endpoint("GET",    "/products/{id}",                Who.ANYONE, products.page),
    Endpoint("POST",   "/products",                     Who.ADMIN,  _product("/products"), Key.HEEDED),
    Endpoint("PATCH",  "/products/{id}",                Who.ADMIN,  _product("/products/{id}")),
    Endpoint("DELETE", "/products/{id}",                Who.ADMIN,  _product("/products/{id}")),
    Endpoint("GET",    "/categories",                   Who.ANYONE, _product("/categories")),

    Endpoint("GET",    "/inventory/{sku}",              Who.STAFF,  _stock("/stock/{sku}")),
    Endpoint("POST",   "/inventory/{sku}/adjustments",  Who.STAFF,  _stock("/stock/{sku}/adjustments"), Key.REQUIRED),

    Endpoint("POST",   "/orders",                       Who.USER,   orders.place, Key.REQUIRED),
    Endpoint("GET",    "/orders",                       Who.USER,   _order("/orders")),
    Endpoint("GET",    "/orders/{id}",                  Who.USER,   orders.page),
    Endpoint("GET",    "/orders/{id}/status",           Who.USER,   _order("/orders/{id}/status")),
    Endpoint("GET",    "/orders/{id}/events",           Who.USER,   events),
    Endpoint("POST",   "/orders/{id}/cancellation",     Who.USER,   _order("/orders/{id}/cancellation"), Key.REQUIRED),

    Endpoint("POST",   "/payments/webhooks/{provider}", Who.ANYONE, webhooks.payment),
    Endpoint("GET",    "/payments/{id}",                Who.USER,   _payment("/payments/{id}")),
)
# fmt: on
