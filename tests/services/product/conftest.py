"""The product service running on real parts, and what its clients do with it."""

from dataclasses import dataclass
from typing import Any

import pytest

from services.product.app import make_app
from services.product.settings import Settings
from tests.answers import Answer
from tests.conftest import Start
from tests.instances import Instance
from tests.parts import Corner
from tests.tokens import Issuer


def usd(amount: int) -> dict[str, Any]:
    """A price."""
    return {"amount": amount, "currency": "USD"}


@dataclass(frozen=True)
class Catalogue:
    """The service; writes are an administrator's unless told otherwise."""

    instance: Instance
    admin: dict[str, str]

    async def get(self, path: str, headers: dict[str, str] | None = None, **query: Any) -> Answer:
        """Read as anybody, or with headers."""
        async with self.instance.http.get(path, params=query, headers=headers) as response:
            return await Answer.of(response)

    async def send(self, method: str, path: str, body: Any, **headers: str) -> Answer:
        """Write."""
        async with self.instance.http.request(
            method, path, json=body, headers=self.admin | headers
        ) as response:
            return await Answer.of(response)

    async def add(self, name: str = "French press", amount: int = 3499, **fields: Any) -> dict[str, Any]:
        """A product that must be taken; returns it."""
        answer = await self.send("POST", "/products", {"name": name, "price": usd(amount), **fields})
        assert answer.status == 201, answer.body
        return answer.body

    async def patch(self, product_id: str, **fields: Any) -> Answer:
        """Change a product."""
        return await self.send("PATCH", f"/products/{product_id}", fields)

    async def archive(self, product_id: str) -> Answer:
        """Delete a product."""
        return await self.send("DELETE", f"/products/{product_id}", None)

    async def slugs(self, **query: Any) -> list[str]:
        """The slugs of one page."""
        answer = await self.get("/products", **query)
        assert answer.status == 200, answer.body
        return [item["slug"] for item in answer.body["items"]]

    async def all_slugs(self, **query: Any) -> list[str]:
        """The slugs of all pages, in order."""
        found: list[str] = []
        cursor = ""
        while True:
            page = (await self.get("/products", **query, cursor=cursor)).body
            found += [item["slug"] for item in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                return found


@pytest.fixture
async def catalogue(here: Corner, start: Start, issuer: Issuer) -> Catalogue:
    """One instance on an empty catalogue."""
    return Catalogue(await start(make_app(here.settings(Settings))), issuer.bearer("editor", "admin"))
