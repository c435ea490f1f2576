"""Version 1 on one screen: what there is, who may call it, where it goes, and what it promises."""

from functools import partial
from typing import Final

from gateway.cache.http import cached
from gateway.endpoint import Endpoint, Key, Who, passed_to
from gateway.live import socket
from gateway.live.stream import events
from gateway.upstreams.client import Service
from gateway.v1 import (
    account,
    catalogue,
    checkout,
    configuration,
    dead_letters,
    home,
    inventory,
    live,
    orders,
    payments,
    placing,
    products,
    sagas,
    signing_in,
    signing_keys,
)

ABOUT: Final = """
**Lists** come in pages: `next_cursor` of one is the `cursor` of the next, and null on the last.
"""

_auth = partial(passed_to, Service.AUTH)
_product = partial(passed_to, Service.PRODUCT)
_stock = partial(passed_to, Service.INVENTORY)
_order = partial(passed_to, Service.ORDER)
_payment = partial(passed_to, Service.PAYMENT)
_ops = partial(passed_to, Service.OPERATIONS)

# fmt: off
ENDPOINTS: Final = (
    Endpoint("POST",   "/auth/register",                 Who.ANYONE, _auth("/register"), signing_in.REGISTER),
    Endpoint("POST",   "/auth/login",                    Who.ANYONE, _auth("/login"), signing_in.LOGIN, switchable=False),
    Endpoint("POST",   "/auth/refresh",                  Who.ANYONE, _auth("/refresh"), signing_in.REFRESH, switchable=False),
    Endpoint("POST",   "/auth/logout",                   Who.ANYONE, _auth("/logout"), signing_in.LOGOUT),

    Endpoint("GET",    "/home",                          Who.ANYONE, home.page(home.HomeOut, orders.ListedOrder.of), home.PAGE),
    Endpoint("GET",    "/account",                       Who.USER,   account.page(account.AccountPageOut, orders.ListedOrder.of), account.PAGE),
    Endpoint("POST",   "/checkout/preview",              Who.USER,   checkout.preview(checkout.PreviewOut.of), checkout.PREVIEW),

    Endpoint("GET",    "/products",                      Who.ANYONE, cached("products", products.index), products.LIST),
    Endpoint("GET",    "/products/{id}",                 Who.ANYONE, cached("product", products.page), products.PAGE),
    Endpoint("POST",   "/products",                      Who.ADMIN,  _product("/products"), catalogue.CREATE, Key.HEEDED),
    Endpoint("PATCH",  "/products/{id}",                 Who.ADMIN,  _product("/products/{id}"), catalogue.CHANGE),
    Endpoint("DELETE", "/products/{id}",                 Who.ADMIN,  _product("/products/{id}"), catalogue.ARCHIVE),
    Endpoint("GET",    "/categories",                    Who.ANYONE, cached("categories", products.categories), catalogue.CATEGORIES),

    Endpoint("GET",    "/inventory/{sku}",               Who.STAFF,  _stock("/stock/{sku}"), inventory.GET),
    Endpoint("POST",   "/inventory/{sku}/adjustments",   Who.STAFF,  _stock("/stock/{sku}/adjustments"), inventory.ADJUST, Key.REQUIRED),

    Endpoint("POST",   "/orders",                        Who.USER,   placing.place, placing.PLACE, Key.REQUIRED),
    Endpoint("GET",    "/orders",                        Who.USER,   _order("/orders"), orders.LIST),
    Endpoint("GET",    "/orders/{id}",                   Who.OWNER,  orders.page(orders.OrderOut.of), orders.PAGE),
    Endpoint("GET",    "/orders/{id}/status",            Who.OWNER,  _order("/orders/{id}/status"), orders.STATUS),
    Endpoint("GET",    "/orders/{id}/events",            Who.OWNER,  events, orders.EVENTS, ticketed=True),
    Endpoint("POST",   "/orders/{id}/cancellation",      Who.OWNER,  _order("/orders/{id}/cancellation"), orders.CANCEL, Key.REQUIRED),

    Endpoint("POST",   "/live/tickets",                  Who.USER,   live.issue_ticket, live.TICKET),
    Endpoint("GET",    "/live",                          Who.USER,   socket.live, live.SOCKET, ticketed=True),

    Endpoint("POST",   "/payments/webhooks/{provider}",  Who.ANYONE, payments.webhook, payments.WEBHOOK, switchable=False),
    Endpoint("GET",    "/payments/{id}",                 Who.OWNER,  _payment("/payments/{id}"), payments.GET),

    Endpoint("GET",    "/admin/dead-letters",              Who.ADMIN, _ops("/dead-letters"), dead_letters.LIST),
    Endpoint("GET",    "/admin/dead-letters/{id}",         Who.ADMIN, _ops("/dead-letters/{id}"), dead_letters.GET),
    Endpoint("POST",   "/admin/dead-letters/{id}/replay",  Who.ADMIN, _ops("/dead-letters/{id}/replay"), dead_letters.REPLAY, Key.REQUIRED),
    Endpoint("POST",   "/admin/dead-letters/{id}/discard", Who.ADMIN, _ops("/dead-letters/{id}/discard"), dead_letters.DISCARD, Key.REQUIRED),
    Endpoint("POST",   "/admin/dead-letters/replay",       Who.ADMIN, _ops("/dead-letters/replay"), dead_letters.REPLAY_MANY, Key.REQUIRED),
    Endpoint("POST",   "/admin/dead-letters/discard",      Who.ADMIN, _ops("/dead-letters/discard"), dead_letters.DISCARD_MANY, Key.REQUIRED),
    Endpoint("GET",    "/admin/audit",                     Who.ADMIN, _ops("/audit"), dead_letters.AUDIT),

    Endpoint("GET",    "/admin/config",                    Who.ADMIN, _ops("/config"), configuration.SECTIONS),
    Endpoint("GET",    "/admin/config/{section}",          Who.ADMIN, _ops("/config/{section}"), configuration.SECTION),
    Endpoint("PUT",    "/admin/config/{section}",          Who.ADMIN, _ops("/config/{section}"), configuration.CONFIGURE),
    Endpoint("GET",    "/admin/flags",                     Who.ADMIN, _ops("/flags"), configuration.FLAGS),
    Endpoint("GET",    "/admin/flags/{name}",              Who.ADMIN, _ops("/flags/{name}"), configuration.FLAG),
    Endpoint("PUT",    "/admin/flags/{name}",              Who.ADMIN, _ops("/flags/{name}"), configuration.SET_FLAG),
    Endpoint("DELETE", "/admin/flags/{name}",              Who.ADMIN, _ops("/flags/{name}"), configuration.REMOVE_FLAG),

    Endpoint("GET",    "/admin/sagas",                     Who.ADMIN, _order("/sagas"), sagas.LIST),
    Endpoint("GET",    "/admin/sagas/{id}",                Who.ADMIN, sagas.page, sagas.PAGE),
    Endpoint("POST",   "/admin/sagas/{id}/resume",         Who.ADMIN, _order("/sagas/{id}/resume"), sagas.RESUME, Key.REQUIRED),
    Endpoint("POST",   "/admin/sagas/{id}/compensation",   Who.ADMIN, _order("/sagas/{id}/compensation"), sagas.COMPENSATE, Key.REQUIRED),

    Endpoint("GET",    "/admin/keys",                      Who.ADMIN, _auth("/keys"), signing_keys.LIST),
    Endpoint("POST",   "/admin/keys/rotation",             Who.ADMIN, _auth("/keys/rotation"), signing_keys.ROTATE, Key.REQUIRED),
)
# fmt: on
