"""The sandbox's webhooks: kept until they are delivered, and sent over HTTP as a remote provider would send them.

A row that is being sent is leased by its `due_at`, so several processes may send, and one that dies loses none.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from aiohttp import ClientError, ClientSession, ClientTimeout
from pymongo import ASCENDING, IndexModel, ReturnDocument
from pymongo.asynchronous.database import AsyncDatabase

from services.chassis.background import every
from services.chassis.clock import utcnow
from services.chassis.envelope import new_id
from services.contracts.money import Money
from services.payment.providers.signature import HEADER, sign

_LOOK_SECONDS: Final = 0.2
_ANSWER_SECONDS: Final = 5.0
_LEASE: Final = timedelta(seconds=2 * _ANSWER_SECONDS)
_LONGEST_PAUSE: Final = timedelta(seconds=60)
_AT_ONCE: Final = 20
_RETENTION_SECONDS: Final = 86400
_log = logging.getLogger(__name__)


class SandboxWebhooks:
    """What is still to be told, as documents of one collection."""

    def __init__(self, db: AsyncDatabase[dict[str, Any]], http: ClientSession, url: str, secret: str) -> None:
        self._rows = db.sandbox_webhooks
        self._http = http
        self._url = url
        self._secret = secret

    async def prepare(self) -> None:
        """Create the indexes; what cannot be delivered for a day is forgotten."""
        await self._rows.create_indexes(
            [
                IndexModel([("due_at", ASCENDING)]),
                IndexModel([("occurred_at", ASCENDING)], expireAfterSeconds=_RETENTION_SECONDS),
            ]
        )

    async def add(self, kind: str, payment_id: str, amount: Money, due_at: datetime, times: int) -> str:
        """Tell of a payment at `due_at`, so many times. Returns the event's id."""
        event_id = new_id()
        await self._rows.insert_one(
            {
                "_id": event_id,
                "type": kind,
                "payment_id": payment_id,
                "amount": amount.model_dump(),
                "occurred_at": due_at,
                "due_at": due_at,
                "times": times,
                "attempts": 0,
            }
        )
        return event_id

    async def deliver_due(self) -> None:
        """Send whatever is due."""
        while await asyncio.gather(*[self._send(row) for row in await self._claim_due()]):
            pass

    async def _claim_due(self) -> list[dict[str, Any]]:
        claimed: list[dict[str, Any]] = []
        while len(claimed) < _AT_ONCE and (row := await self._claim({"due_at": {"$lte": utcnow()}})):
            claimed.append(row)
        return claimed

    async def deliver(self, event_id: str) -> None:
        """Send one now."""
        if row := await self._claim({"_id": event_id}):
            await self._send(row)

    async def _claim(self, wanted: dict[str, Any]) -> dict[str, Any] | None:
        return await self._rows.find_one_and_update(
            wanted,
            {"$set": {"due_at": utcnow() + _LEASE}, "$inc": {"attempts": 1}},
            sort=[("due_at", ASCENDING)],
            return_document=ReturnDocument.AFTER,
        )

    async def _send(self, row: dict[str, Any]) -> None:
        if not await self._post(row):
            pause = min(timedelta(seconds=0.25) * (1 << min(row["attempts"], 16)), _LONGEST_PAUSE)
            await self._rows.update_one({"_id": row["_id"]}, {"$set": {"due_at": utcnow() + pause}})
        elif row["times"] > 1:
            again = {"$inc": {"times": -1}, "$set": {"due_at": utcnow()}}
            await self._rows.update_one({"_id": row["_id"]}, again)
        else:
            await self._rows.delete_one({"_id": row["_id"]})

    async def _post(self, row: dict[str, Any]) -> bool:
        """Tells whether it was taken."""
        body = orjson.dumps(
            {
                "event_id": row["_id"],
                "type": row["type"],
                "payment_id": row["payment_id"],
                "amount": row["amount"],
                "occurred_at": row["occurred_at"],
            }
        )
        headers = {HEADER: sign(self._secret, body, utcnow()), "Content-Type": "application/json"}
        try:
            async with self._http.post(self._url, data=body, headers=headers) as response:
                if response.ok:
                    return True
                _log.warning("a webhook was answered %d and is sent again", response.status)
        except (ClientError, TimeoutError) as error:
            _log.warning("a webhook could not be sent and is sent again: %s", type(error).__name__)
        return False


@asynccontextmanager
async def webhooks(
    db: AsyncDatabase[dict[str, Any]], url: str, secret: str
) -> AsyncIterator[SandboxWebhooks]:
    """Send to `url` while inside."""
    async with ClientSession(timeout=ClientTimeout(total=_ANSWER_SECONDS)) as http:
        sender = SandboxWebhooks(db, http, url, secret)
        await sender.prepare()
        async with every("sandbox webhooks", _LOOK_SECONDS, sender.deliver_due):
            yield sender
