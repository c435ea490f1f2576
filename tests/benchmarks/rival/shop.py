"""Products and customers of the prototype, made through its own API."""

from random import Random

import orjson
from aiohttp import ClientSession

from tests.benchmarks.load import Load, Request
from tests.benchmarks.shop import CUSTOMERS, LINES, ORDERS, PRODUCTS

PASSWORD = "correct horse"


async def open_rival_shop(url: str) -> Load:
    """As many products and customers as Portico gets, and as many different orders of as many lines."""
    async with ClientSession(url, raise_for_status=True) as http:
        tokens = [await _sign_up(http, f"customer-{number}") for number in range(CUSTOMERS)]
        ids = [await _create(http, tokens[0], f"Bench {number:05}") for number in range(PRODUCTS)]
    random = Random(1)
    requests = tuple(
        Request(
            "POST", "/products/buy", random.choice(tokens), orjson.dumps({"ids": random.sample(ids, LINES)})
        )
        for _ in range(ORDERS)
    )
    return Load(url, requests, 201)


async def _sign_up(http: ClientSession, username: str) -> str:
    """The access token of a new customer."""
    account = {"username": username, "password": PASSWORD}
    async with http.post("/auth/register", json=account), http.post("/auth/login", json=account) as response:
        return str((await response.json())["token"])


async def _create(http: ClientSession, token: str, name: str) -> str:
    """The id of a new product."""
    headers = {"Authorization": f"Bearer {token}"}
    async with http.post("/products/", json={"name": name, "price": 1999}, headers=headers) as response:
        return str((await response.json())["_id"])
