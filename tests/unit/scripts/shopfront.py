"""A small shop on a real server, to see what clients do when it does not answer as it should."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import jwt
from aiohttp import web
from aiohttp.test_utils import TestServer

from scripts.load.customers import Customers, signed_in

PASSWORD = "correct horse battery"
CUT = 0
"""In place of a status: the connection is cut."""


class Shopfront:
    """What it knows, and what it answers: `replies` are the statuses for the next orders; then all are accepted.

    Products can be ordered only after somebody asked in vain; `previews` are the statuses that were answered.
    """

    def __init__(self) -> None:
        self.url = ""
        self.accounts: set[str] = set()
        self.sessions = 0
        self.registrations = 0
        self.replies: list[int] = []
        self.keys: list[str] = []
        self.orders: list[dict[str, Any]] = []
        self.is_shut = False
        self.stock: dict[str, int] = {}
        self.products: dict[str, Any] = {}
        self.previews: list[int] = []

    def application(self) -> web.Application:
        """Its routes."""
        app = web.Application()
        app.add_routes(
            [
                web.post("/api/v1/auth/register", self._register),
                web.post("/api/v1/auth/login", self._start_session),
                web.post("/api/v1/auth/refresh", self._start_session),
                web.post("/api/v2/orders", self._place),
                web.get("/api/v2/orders", self._history),
                web.post("/api/v1/products", self._create),
                web.post("/api/v1/checkout/preview", self._preview),
                web.get("/api/v1/inventory/{sku}", self._count),
                web.post("/api/v1/inventory/{sku}/adjustments", self._adjust),
            ]
        )
        return app

    async def _register(self, request: web.Request) -> web.Response:
        email = (await request.json())["email"]
        self.registrations += 1
        status = 409 if email in self.accounts else 201
        self.accounts.add(email)
        return web.json_response({}, status=status)

    async def _start_session(self, request: web.Request) -> web.Response:
        body = await request.json()
        user = body["email"] if "email" in body else body["refresh_token"]
        if user not in self.accounts:
            return web.json_response({"detail": "e-mail or password is wrong"}, status=401)
        self.sessions += 1
        token = jwt.encode({"sub": user, "session": self.sessions}, uuid4().hex)
        return web.json_response({"access_token": token, "refresh_token": user})

    async def _place(self, request: web.Request) -> web.Response:
        self.keys.append(request.headers["Idempotency-Key"])
        status = self.replies.pop(0) if self.replies else 202
        if status == CUT and request.transport:
            request.transport.close()
        problem = {"detail": "some skus cannot be ordered"}
        return web.json_response(
            {"order_id": uuid4().hex} if status == 202 else problem, status=status or 500
        )

    async def _history(self, request: web.Request) -> web.Response:
        if self.is_shut:
            raise web.HTTPServiceUnavailable
        first = int(request.query.get("cursor", "0"))
        page, more = self.orders[first : first + 2], first + 2 < len(self.orders)
        next_page = f"{request.path}?cursor={first + 2}"
        return web.json_response({"items": page, "next": next_page if more else None})

    async def _create(self, request: web.Request) -> web.Response:
        product = await request.json()
        status = 409 if product["slug"] in self.products else 201
        self.products.setdefault(product["slug"], product)
        return web.json_response({}, status=status)

    async def _preview(self, request: web.Request) -> web.Response:
        items = (await request.json())["items"]
        known = self.previews and {item["sku"] for item in items} <= self.products.keys()
        self.previews.append(200 if known else 422)
        return web.json_response({}, status=self.previews[-1])

    async def _count(self, request: web.Request) -> web.Response:
        sku = request.match_info["sku"]
        return web.json_response(
            {"quantity": self.stock.get(sku), "reserved": 0}, status=200 if sku in self.stock else 404
        )

    async def _adjust(self, request: web.Request) -> web.Response:
        sku, delta = request.match_info["sku"], (await request.json())["delta"]
        self.stock[sku] = self.stock.get(sku, 0) + delta
        return web.json_response({})


@asynccontextmanager
async def open_shopfront(replies: Iterable[int] = ()) -> AsyncIterator[Shopfront]:
    """The shop, open."""
    shopfront = Shopfront()
    shopfront.replies.extend(replies)
    async with TestServer(shopfront.application()) as server:
        shopfront.url = str(server.make_url("/"))
        yield shopfront


@asynccontextmanager
async def shoppers(count: int, replies: Iterable[int] = ()) -> AsyncIterator[tuple[Shopfront, Customers]]:
    """The shop, and customers in it."""
    async with open_shopfront(replies) as shopfront, signed_in(shopfront.url, PASSWORD, count) as customers:
        yield shopfront, customers
