"""A service whose handler fails as often as a test wants."""

import asyncio
from collections.abc import Sequence
from typing import Any

from aiohttp import web

from services.chassis.app import make_service
from services.chassis.envelope import Envelope
from services.chassis.messaging import Consumers, MessagingSettings, messaging
from services.chassis.mongo import Work, mongo
from services.chassis.settings import MongoSettings
from services.contracts import topology
from services.contracts.inventory import ConfirmStock, StockConfirmed
from tests.parts import Corner


class Settings(MessagingSettings, MongoSettings):
    service: str = "inventory"


class Failing:
    """A handler of inventory's commands that fails as often as told, and writes down what it did."""

    def __init__(self, here: Corner) -> None:
        self.here = here
        self.failures: dict[str, int] = {}
        self.error: Exception = RuntimeError("not yet")
        self.attempts: list[tuple[float, str]] = []

    async def handle(self, work: Work, envelopes: Sequence[Envelope[ConfirmStock]]) -> None:
        for envelope in envelopes:
            order_id = envelope.message.order_id
            await work.db.effects.insert_one({"order_id": order_id}, session=work.session)
            work.emit(f"order/{order_id}", 1, StockConfirmed(order_id=order_id), origin=envelope.origin)
        for envelope in envelopes:
            order_id = envelope.message.order_id
            self.attempts.append((asyncio.get_running_loop().time(), order_id))
            if self.failures.get(order_id, 0) > 0:
                self.failures[order_id] -= len(envelopes) == 1
                raise self.error

    def app(self, **changes: Any) -> web.Application:
        """The service, with settings of the test's own."""
        settings = self.here.settings(Settings, **changes)
        consumers = Consumers()
        consumers.exactly_once(topology.INVENTORY_COMMANDS)(self.handle)
        app = make_service(settings)
        app.cleanup_ctx.extend([mongo(settings, []), messaging(settings, consumers)])
        return app

    async def effects(self, order_id: str) -> int:
        """How often what was asked for an order was done."""
        return await self.here.db("inventory").effects.count_documents({"order_id": order_id})
