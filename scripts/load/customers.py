"""The accounts that place orders."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import jwt
import orjson
from aiohttp import ClientSession, ClientTimeout, TCPConnector

from scripts.load.loops import MOST_IN_FLIGHT, closed_loop
from scripts.secrets import Login
from scripts.storefront import Json, Refused, Storefront
from services.chassis.background import background

REQUEST_SECONDS = 20.0
# What auth hashes at once; more of them would only wait.
SIGN_INS_AT_ONCE = 2
# Access tokens live for 15 minutes: time for many attempts when auth is away.
RENEW_SECONDS = 300.0


@dataclass(slots=True)
class Customer:
    """Somebody with an account, signed in once there is a token."""

    login: Login
    user_id: str = ""
    token: str = ""
    refresh_token: str = ""

    @property
    def headers(self) -> dict[str, str]:
        """What says who sends a request."""
        return {"Authorization": f"Bearer {self.token}"}

    def take(self, tokens: Json) -> None:
        """Use a new pair of tokens."""
        self.token, self.refresh_token = tokens["access_token"], tokens["refresh_token"]
        self.user_id = jwt.decode(self.token, options={"verify_signature": False})["sub"]


class Customers:
    """Customers of one platform, by number, and the connections they share."""

    def __init__(self, http: ClientSession, storefront: Storefront, logins: Iterator[Login]) -> None:
        self.http = http
        self._storefront = storefront
        self._customers = [Customer(login) for login in logins]

    def __len__(self) -> int:
        return len(self._customers)

    def __getitem__(self, number: int) -> Customer:
        return self._customers[number]

    def __iter__(self) -> Iterator[Customer]:
        return iter(self._customers)

    async def read(self, customer: Customer, path: str) -> Any:
        """The JSON answer to a GET. Raises ClientError, TimeoutError."""
        async with self.http.get(path, headers=customer.headers, raise_for_status=True) as response:
            return orjson.loads(await response.read())

    async def sign_up(self) -> None:
        """Make the accounts that are not there yet, and sign everybody in. Raises Refused."""
        await closed_loop(self._sign_up, self._customers, SIGN_INS_AT_ONCE)

    async def stay_signed_in(self) -> None:
        """Renew everybody's tokens in good time, for ever. Raises Refused, ClientError, TimeoutError."""
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            await closed_loop(self._renew, self._customers, SIGN_INS_AT_ONCE)

    async def _sign_up(self, customer: Customer) -> None:
        customer.take(await self._storefront.new_tokens(customer.login))

    async def _renew(self, customer: Customer) -> None:
        spent = {"refresh_token": customer.refresh_token}
        try:
            customer.take(await self._storefront.call("POST", "/api/v1/auth/refresh", spent))
        except Refused:
            customer.take(await self._storefront.tokens(customer.login))


@asynccontextmanager
async def signed_in(url: str, password: str, count: int) -> AsyncIterator[Customers]:
    """The first `count` shoppers of the platform behind the edge at `url`, all with this password.

    Their accounts are made at the first use, and they stay signed in as long as the context is open.
    """
    logins = (Login(email=f"shopper-{number}@portico.test", password=password) for number in range(count))
    connector, timeout = TCPConnector(limit=MOST_IN_FLIGHT), ClientTimeout(total=REQUEST_SECONDS)
    async with (
        Storefront(url) as storefront,
        ClientSession(url, connector=connector, timeout=timeout) as http,
    ):
        customers = Customers(http, storefront, logins)
        await customers.sign_up()
        async with background("token renewal", customers.stay_signed_in):
            yield customers
