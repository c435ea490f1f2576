"""Version 1 on one screen: what there is, who may call it, and where it goes."""

from functools import partial
from typing import Final

from gateway.endpoint import Endpoint, Key, Who, passed_to
from gateway.live.stream import events
from gateway.upstreams.client import Service
from gateway.v1 import orders, products, sagas, webhooks

PREFIX: Final = "/api/v1"

_auth = partial(passed_to, Service.AUTH)
_product = partial(passed_to, Service.PRODUCT)
_stock = partial(passed_to, Service.INVENTORY)
_order = partial(passed_to, Service.ORDER)
_payment = partial(passed_to, Service.PAYMENT)
_ops = partial(passed_to, Service.OPERATIONS)

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

    Endpoint("GET",  "/admin/dead-letters",              Who.ADMIN, _ops("/dead-letters")),
    Endpoint("GET",  "/admin/dead-letters/{id}",         Who.ADMIN, _ops("/dead-letters/{id}")),
    Endpoint("POST", "/admin/dead-letters/{id}/replay",  Who.ADMIN, _ops("/dead-letters/{id}/replay"), Key.REQUIRED),
    Endpoint("POST", "/admin/dead-letters/{id}/discard", Who.ADMIN, _ops("/dead-letters/{id}/discard"), Key.REQUIRED),
    Endpoint("POST", "/admin/dead-letters/replay",       Who.ADMIN, _ops("/dead-letters/replay"), Key.REQUIRED),
    Endpoint("POST", "/admin/dead-letters/discard",      Who.ADMIN, _ops("/dead-letters/discard"), Key.REQUIRED),
    Endpoint("GET",  "/admin/audit",                     Who.ADMIN, _ops("/audit")),

    Endpoint("GET",  "/admin/sagas",                     Who.ADMIN, _order("/sagas")),
    Endpoint("GET",  "/admin/sagas/{id}",                Who.ADMIN, sagas.page),
    Endpoint("POST", "/admin/sagas/{id}/resume",         Who.ADMIN, _order("/sagas/{id}/resume"), Key.REQUIRED),
    Endpoint("POST", "/admin/sagas/{id}/compensation",   Who.ADMIN, _order("/sagas/{id}/compensation"), Key.REQUIRED),

    Endpoint("GET",  "/admin/keys",                      Who.ADMIN, _auth("/keys")),
    Endpoint("POST", "/admin/keys/rotation",             Who.ADMIN, _auth("/keys/rotation"), Key.REQUIRED),
)
# fmt: on
