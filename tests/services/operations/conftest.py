"""The operations service on real parts, and a service whose handlers fail as told."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from services.chassis.app import make_service
from services.chassis.envelope import Envelope, new_id
from services.chassis.messaging import Consumers, MessagingSettings, messaging
from services.chassis.mongo import Work, mongo
from services.chassis.settings import MongoSettings
from services.contracts import topology
from services.contracts.inventory import ConfirmStock
from services.operations.app import make_app
from services.operations.settings import Settings
from tests.answers import Answer
from tests.conftest import Start
from tests.instances import Instance
from tests.parts import Corner, eventually
from tests.tokens import Issuer


class InventorySettings(MessagingSettings, MongoSettings):
    service: str = "inventory"


@dataclass
class Fragile:
    """Stands in for inventory: it cannot confirm orders while they are among the broken ones."""

    here: Corner
    broken: set[str] = field(default_factory=set)
    confirmed: list[Envelope[ConfirmStock]] = field(default_factory=list)

    async def confirm(self, work: Work, envelopes: Sequence[Envelope[ConfirmStock]]) -> None:
        if bad := self.broken & {envelope.message.order_id for envelope in envelopes}:
            raise RuntimeError(f"no {bad}")
        work.after_commit(lambda: self.confirmed.extend(envelopes))

    def app(self) -> web.Application:
        settings = self.here.settings(InventorySettings, retry_delays=(0.01,))
        consumers = Consumers()
        consumers.exactly_once(topology.INVENTORY_COMMANDS)(self.confirm)
        app = make_service(settings)
        app.cleanup_ctx.extend([mongo(settings, []), messaging(settings, consumers)])
        return app


@dataclass(frozen=True)
class Office:
    """The operations service, and what an administrator does with it."""

    here: Corner
    instance: Instance
    admin: dict[str, str]

    async def get(self, path: str, **query: Any) -> Answer:
        async with self.instance.http.get(path, params=query, headers=self.admin) as response:
            return await Answer.of(response)

    async def post(
        self, path: str, body: Any = None, key: str = "", user: dict[str, str] | None = None
    ) -> Answer:
        headers = {**(user or self.admin), "Idempotency-Key": key or new_id()}
        async with self.instance.http.post(path, json=body, headers=headers) as response:
            return await Answer.of(response)

    async def letters(self, **query: Any) -> list[dict[str, Any]]:
        """One page of those that fit."""
        answer = await self.get("/dead-letters", **query)
        assert answer.status == 200, answer.body
        found: list[dict[str, Any]] = answer.body["items"]
        return found

    async def dead(self, count: int, **query: Any) -> list[dict[str, Any]]:
        """The dead ones that fit, as soon as there are so many."""

        async def look() -> list[dict[str, Any]] | None:
            found = await self.letters(state="dead", limit=100, **query)
            return found if len(found) == count else None

        found: list[dict[str, Any]] = await eventually(look)
        return found

    async def poison(self, count: int = 1, queue: str = "inventory.commands") -> list[str]:
        """Messages that nobody can read; returns their ids."""
        kind = ConfirmStock.kind
        return [await self.here.put("", queue, b"not json %d" % number, kind) for number in range(count)]

    async def audit(self, **query: Any) -> list[dict[str, Any]]:
        """What was done, the last first."""
        found: list[dict[str, Any]] = (await self.get("/audit", **query)).body["items"]
        return found


@pytest.fixture
async def office(here: Corner, start: Start, issuer: Issuer) -> Office:
    instance = await start(make_app(here.settings(Settings, count_seconds=0.05)))
    return Office(here, instance, issuer.bearer("ada", "admin"))


@pytest.fixture
async def inventory(office: Office, start: Start) -> Fragile:
    fragile = Fragile(office.here)
    await start(fragile.app())
    return fragile
