"""Version 1 on one screen: what there is, who may call it, and where it goes."""

from typing import Final

from gateway.endpoint import Endpoint, Who, passed_to
from gateway.live.stream import events
from gateway.upstreams.client import Service
from gateway.v1 import orders, products, webhooks

_AUTH, _PRODUCT, _STOCK = Service.AUTH, Service.PRODUCT, Service.INVENTORY
_ORDER, _PAYMENT = Service.ORDER, Service.PAYMENT

PREFIX: Final = "/api/v1"

# fmt: off
ENDPOINTS: Final = (
    Endpoint("POST",   "/auth/register",               Who.ANYONE,   passed_to(_AUTH, "/register")),
    Endpoint("POST",   "/auth/login",                  Who.ANYONE,   passed_to(_AUTH, "/login")),
    Endpoint("POST",   "/auth/refresh",                Who.ANYONE,   passed_to(_AUTH, "/refresh")),
    Endpoint("POST",   "/auth/logout",                 Who.ANYONE,   passed_to(_AUTH, "/logout")),

    Endpoint("GET",    "/products",                    Who.ANYONE,   products.index),
    Endpoint("GET",    "/products/{id}",               Who.ANYONE,   products.page),
    Endpoint("POST",   "/products",                    Who.ADMIN,    passed_to(_PRODUCT, "/products")),
    Endpoint("PATCH",  "/products/{id}",               Who.ADMIN,    passed_to(_PRODUCT, "/products/{id}")),
    Endpoint("DELETE", "/products/{id}",               Who.ADMIN,    passed_to(_PRODUCT, "/products/{id}")),
    Endpoint("GET",    "/categories",                  Who.ANYONE,   passed_to(_PRODUCT, "/categories")),

    Endpoint("GET",    "/inventory/{sku}",             Who.STAFF,    passed_to(_STOCK, "/stock/{sku}")),
    Endpoint("POST",   "/inventory/{sku}/adjustments", Who.STAFF,    passed_to(_STOCK, "/stock/{sku}/adjustments"), keyed=True),

    Endpoint("POST",   "/orders",                      Who.CUSTOMER, orders.place, keyed=True),
    Endpoint("GET",    "/orders",                      Who.OWNER,    passed_to(_ORDER, "/orders")),
    Endpoint("GET",    "/orders/{id}",                 Who.OWNER,    orders.page),
    Endpoint("GET",    "/orders/{id}/status",          Who.OWNER,    passed_to(_ORDER, "/orders/{id}/status")),
    Endpoint("GET",    "/orders/{id}/events",          Who.OWNER,    events),
    Endpoint("POST",   "/orders/{id}/cancellation",    Who.OWNER,    passed_to(_ORDER, "/orders/{id}/cancellation"), keyed=True),

    Endpoint("POST",   "/payments/webhooks/{provider}", Who.ANYONE,  webhooks.payment),
    Endpoint("GET",    "/payments/{id}",               Who.OWNER,    passed_to(_PAYMENT, "/payments/{id}")),
)
# fmt: on
