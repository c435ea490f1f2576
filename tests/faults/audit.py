"""Waiting for the dust to settle, and gathering the evidence then."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Final

from aio_pika.exceptions import AMQPError
from pymongo.errors import PyMongoError

from tests.faults.books import Databases, Letter
from tests.faults.broker import Broker
from tests.faults.evidence import Evidence
from tests.faults.seen import Seen
from tests.faults.witness import Heard, Witness

_LOOK_SECONDS: Final = 0.25
_AWAY = (PyMongoError, AMQPError, ConnectionError, TimeoutError)


class Auditor:
    """Looks into every database and queue from outside."""

    def __init__(self, databases: Databases, broker: Broker, witness: Witness) -> None:
        self._databases = databases
        self._broker = broker
        self._witness = witness
        self._heard: list[Heard] = []

    async def settled(self, seconds: float) -> None:
        """Return when every order has ended and every message was sent and taken in, or when the time is over."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while True:
                    if await self._is_settled():
                        break
                    await asyncio.sleep(_LOOK_SECONDS)

    async def evidence(
        self, since: datetime, calm_at: datetime, seen: Seen, poisoned: Mapping[Letter, bool]
    ) -> Evidence:
        """All that is known of the time since then; what was heard is told once."""
        await self._listen()
        heard, self._heard = self._heard, []
        return Evidence(
            calm_at=calm_at,
            books=await self._databases.books(since),
            seen=seen,
            heard=heard,
            unsent=await self._databases.unsent(),
            waiting=await self._broker.waiting(),
            not_taken=await self._not_taken(heard),
            died=await self._databases.dead_letters(since),
            poisoned=poisoned,
        )

    async def _is_settled(self) -> bool:
        with suppress(*_AWAY):
            if await self._databases.unfinished() or await self._databases.unsent():
                return False
            await self._listen()
            return not (await self._broker.waiting() or await self._not_taken(self._heard))
        return False

    async def _listen(self) -> None:
        self._heard += await self._witness.recall()

    async def _not_taken(self, heard: Sequence[Heard]) -> dict[str, set[str]]:
        """The messages that are missing in the inbox of each queue whose service has a database."""
        routed = defaultdict(set)
        for message in heard:
            for queue in self._broker.routes.get(message.kind, ()):
                routed[queue].add(message.id)
        found = {queue: await self._databases.not_taken(queue, ids) for queue, ids in routed.items()}
        return {queue: missing for queue, missing in found.items() if missing}
