"""The built-in provider: does by script, according to the token, what real ones do by chance.

It stands for something remote. So it keeps a ledger of its own, outside the service's transactions, and says what it
has to say by HTTP. It charges nobody.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

from aiohttp import web
from pydantic import Field

from services.chassis.clock import utcnow
from services.chassis.http import parse
from services.chassis.mongo import DATABASE
from services.contracts.message import Value
from services.contracts.money import Money
from services.payment.domain import Fact
from services.payment.providers.port import Notice, Outcome, ProviderError
from services.payment.providers.sandbox_ledger import Ledger, remote
from services.payment.providers.sandbox_webhooks import SandboxWebhooks, webhooks
from services.payment.providers.signature import HEADER, verify
from services.payment.settings import Settings

_IMMEDIATELY: Final = timedelta()
_FACTS: Final[Mapping[str, Fact]] = {
    "payment.authorized": "authorized",
    "payment.captured": "captured",
    "payment.declined": "declined",
    "payment.refunded": "refunded",
}


@dataclass(frozen=True)
class Script:
    """What happens to a payment: after `errors` failed attempts it is approved when `approves_after` is over.

    `webhooks` is how often its authorization is told by webhook; `early` means before the answer.
    """

    declines: bool = False
    answers: bool = True
    errors: int = 0
    approves_after: timedelta = _IMMEDIATELY
    webhooks: int = 0
    early: bool = False
    captures: bool = True


SCRIPTS: Final[Mapping[str, Script]] = {
    "tok_approve": Script(),
    "tok_decline": Script(declines=True),
    "tok_timeout": Script(answers=False),
    "tok_slow": Script(approves_after=timedelta(seconds=2), webhooks=1),
    "tok_flaky": Script(errors=2),
    "tok_capture_fails": Script(captures=False),
    "tok_webhook_twice": Script(approves_after=timedelta(milliseconds=200), webhooks=2),
    "tok_webhook_early": Script(webhooks=1, early=True),
}


class WebhookIn(Value):
    """The body of a webhook."""

    event_id: Annotated[str, Field(min_length=1, max_length=100)]
    type: Annotated[str, Field(max_length=100)]
    payment_id: Annotated[str, Field(max_length=100)]
    amount: Money
    occurred_at: datetime


class Sandbox:
    """The provider. A charge in its ledger is held, declined, voided, captured or refunded."""

    def __init__(self, ledger: Ledger, webhooks: SandboxWebhooks, secret: str) -> None:
        self._ledger = ledger
        self._webhooks = webhooks
        self._secret = secret

    async def authorize(self, key: str, payment_id: str, amount: Money, token: str) -> Outcome:
        """Open a charge and do what the token's script says."""
        now = utcnow()
        script = SCRIPTS[token]
        charge = await self._open(key, payment_id, script, now)
        if charge["state"] == "held" and charge["attempts"] == 1 and script.webhooks:
            await self._announce(payment_id, amount, script, now)
        if charge["state"] == "held" and not script.answers:
            await asyncio.get_running_loop().create_future()
        if charge["attempts"] <= script.errors:
            raise ProviderError("the sandbox fails as its script says")
        if charge["state"] != "held":
            return Outcome.DECLINED
        return Outcome.APPROVED if charge["approves_at"] <= now else Outcome.PENDING

    async def _open(self, key: str, payment_id: str, script: Script, now: datetime) -> dict[str, Any]:
        opened = {
            "state": "declined" if script.declines else "held",
            "approves_at": now + script.approves_after,
            "captures": script.captures,
            "opened_at": now,
        }
        asked = {"$inc": {"attempts": 1}, "$addToSet": {"authorized": key}}
        return await self._ledger.open(payment_id, {"$setOnInsert": opened, **asked})

    async def _announce(self, payment_id: str, amount: Money, script: Script, now: datetime) -> None:
        due_at = now + script.approves_after
        with remote():
            event_id = await self._webhooks.add(
                "payment.authorized", payment_id, amount, due_at, script.webhooks
            )
            if script.early:
                await self._webhooks.deliver(event_id)

    async def capture(self, key: str, payment_id: str, amount: Money) -> Outcome:
        """Take what is held; whoever asks again is told that it was taken."""
        held = {"_id": payment_id, "state": "held", "captures": True}
        return await self._move(held, "captured", key)

    async def refund(self, key: str, payment_id: str, amount: Money) -> Outcome:
        """Give back what was taken; whoever asks again is told that it was given back."""
        return await self._move({"_id": payment_id, "state": "captured"}, "refunded", key)

    async def _move(self, charge: dict[str, Any], state: str, key: str) -> Outcome:
        moved = await self._ledger.move(charge, {"$set": {"state": state}, "$push": {state: key}})
        return Outcome.APPROVED if moved and moved["state"] == state else Outcome.DECLINED

    async def void(self, key: str, payment_id: str) -> Outcome:
        """Void the charge, or one that is still to come."""
        taken = {"$in": ["$state", ["captured", "refunded"]]}
        voided = {
            "state": {"$cond": [taken, "$state", "voided"]},
            "opened_at": {"$ifNull": ["$opened_at", "$$NOW"]},
        }
        charge = await self._ledger.open(payment_id, [{"$set": voided}])
        return Outcome.APPROVED if charge["state"] == "voided" else Outcome.DECLINED

    def read_webhook(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice | None:
        """Verify and read; other kinds of event than those of a payment are of no interest."""
        verify(self._secret, body, headers.get(HEADER, ""), now)
        event = parse(WebhookIn, body)
        fact = _FACTS.get(event.type)
        return Notice(event.event_id, event.payment_id, fact, event.amount) if fact else None


@asynccontextmanager
async def sandbox(app: web.Application, settings: Settings) -> AsyncIterator[Sandbox]:
    """The sandbox over the service's own database, sending its webhooks while inside."""
    secret = settings.sandbox_webhook_secret.get_secret_value()
    async with webhooks(app[DATABASE].db, settings.sandbox_webhook_url, secret) as sender:
        ledger = Ledger(app[DATABASE].db)
        async with ledger.running():
            yield Sandbox(ledger, sender, secret)
