"""Rotation of the signing keys: whatever is due is done by whichever instance sees it first."""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from aiohttp import web
from consul.aio import Consul
from pymongo.errors import DuplicateKeyError

from discovery.consul import kv
from discovery.consul.client import ERRORS, consul_client
from services.auth.acknowledgement import Answers, Holders, Waiting, holders
from services.auth.documents import StoredKey
from services.auth.domain import Key
from services.auth.keys import KEYS, SigningKeys, accepted_keys, carry_out, hasten, jwks
from services.auth.lifecycle import (
    Begin,
    Change,
    Pace,
    accepted_until,
    active,
    awaited,
    next_generation,
    next_step,
    pending,
)
from services.auth.metrics import measure
from services.auth.settings import Settings
from services.chassis.background import background
from services.chassis.clock import utcnow
from services.chassis.errors import Conflict
from services.chassis.health import READINESS
from services.chassis.mongo import Work
from services.chassis.startup import until_available

_ASKING_SECONDS: Final = 0.5
_CONSUL_SECONDS: Final = 2.0
_log = logging.getLogger(__name__)


class Rotation:
    """Keeps the keys published, and takes each of them through its life."""

    def __init__(self, signing: SigningKeys, consul: Consul, asked: Holders, settings: Settings) -> None:
        self._signing = signing
        self._consul = consul
        self._holders = asked
        self._name = settings.jwks_key
        self._look_seconds = settings.jwks_check_seconds
        period = timedelta(days=settings.key_rotation_days) if settings.key_rotation_days else None
        self._pace = Pace(timedelta(seconds=settings.key_settling_seconds), period)
        self._news = asyncio.Event()
        self._asks = False
        self._waiting_for: tuple[Waiting, ...] = ()
        self.jwks = b""

    async def begin(self, work: Work, wish: Begin, now: datetime) -> Key:
        """Publish a new key as soon as the work is committed. Raises Conflict while there is one on its way."""
        keys = [stored.key for stored in await accepted_keys(work.session)]
        if wish.revokes and (other := pending(keys)) is not None:
            # A key that somebody holds up must not hold up the end of a stolen one.
            work.after_commit(self._news.set)
            return await hasten(other, wish, work.session)
        fresh = self._signing.make(next_generation(keys, wish), wish, now)
        try:
            await fresh.insert(session=work.session)
        except DuplicateKeyError as error:
            raise Conflict("another key is on its way", slug="rotation-in-progress") from error
        work.after_commit(lambda: self._began(fresh.key))
        return fresh.key

    async def answers(self, keys: Sequence[Key]) -> Answers | None:
        """What the processes say of the key that is awaited; None when there is none."""
        key = awaited(keys)
        return await self._holders.ask(key.kid) if key else None

    async def catch_up(self) -> None:
        """Do all that is due by now. Raises what Consul and MongoDB do."""
        while await self._advance():
            pass

    async def rounds(self) -> None:
        """Do what is due, look again often while a key is on its way, and do so until cancelled."""
        while True:
            self._news.clear()
            # First and by itself: signing goes on without Consul.
            await self._signing.look()
            try:
                await self.catch_up()
            except ERRORS as error:
                _log.warning("consul does not answer, the signing keys stay as they are: %r", error)
            await self._rest()

    async def _advance(self) -> bool:
        """Publish the keys and take the one step that is due, if there is one."""
        keys = [stored.key for stored in await self._publish()]
        heard = await self.answers(keys)
        waiting_for = heard.waiting_for if heard else ()
        self._say_who_is_waited_for(waiting_for)
        self._asks, now = heard is not None, utcnow()
        measure(keys, len(waiting_for), now)
        match next_step(keys, heard is not None and not waiting_for, now, self._pace):
            case Begin() as wish:
                await self._begin_by_itself(keys, wish, now)
            case Change() as change:
                await self._change(change, keys)
            case None:
                return False
        return True

    async def _rest(self) -> None:
        """Until there is news, or it is time to look again."""
        seconds = min(_ASKING_SECONDS, self._look_seconds) if self._asks else self._look_seconds
        with suppress(TimeoutError):
            # Not all instances at once: what one has done is nothing left to do for the others.
            async with asyncio.timeout(seconds * random.uniform(0.8, 1.2)):
                await self._news.wait()

    async def _publish(self) -> list[StoredKey]:
        """See to it that Consul has all accepted keys.

        Consul is read before the database, and written only if nobody else has: so what is written is never older than
        what it replaces, and no key is forgotten again by a slow instance.
        """
        while True:
            published = await kv.read(self._consul, self._name)
            stored = await self._signing.look()
            self.jwks = jwks(stored)
            if not stored or published.value == self.jwks:
                return stored
            if await kv.replace(self._consul, self._name, self.jwks, published.version):
                _log.info("published the signing keys %s", ", ".join(key.id for key in stored))

    async def _begin_by_itself(self, keys: Sequence[Key], wish: Begin, now: datetime) -> None:
        fresh = self._signing.make(next_generation(keys, wish), wish, now)
        with suppress(DuplicateKeyError):  # another instance was faster, and its key is the one
            await fresh.insert()
            self._began(fresh.key)

    def _began(self, key: Key) -> None:
        who = key.asked_by or "nobody"
        _log.info("the signing key %s is to be the next one: %s (asked for by %s)", key.kid, key.reason, who)
        self._news.set()

    async def _change(self, change: Change, keys: Sequence[Key]) -> None:
        if not await carry_out(change):
            return
        before, after = change.before, change.after
        _log.info("the signing key %s is %s", after.kid, change.becomes)
        if after.activated_at != before.activated_at and (replaced := active(keys)):
            end = accepted_until(replaced, [replaced, after])
            _log.info("the signing key %s is accepted until %s", replaced.kid, end)

    def _say_who_is_waited_for(self, waiting_for: tuple[Waiting, ...]) -> None:
        if waiting_for and waiting_for != self._waiting_for:
            names = "; ".join(f"{one.instance} {one.reason}" for one in waiting_for)
            _log.info("the next signing key waits: %s", names)
        self._waiting_for = waiting_for


ROTATION: Final = web.AppKey("ROTATION", Rotation)


def signing_keys(settings: Settings) -> Callable[[web.Application], AsyncIterator[None]]:
    """The keys, published and rotated while the application lives. Waits for Consul; declare it after `mongo`."""

    async def resource(app: web.Application) -> AsyncIterator[None]:
        signing = app[KEYS] = SigningKeys(settings)
        app[READINESS].add("signing keys", signing.ready)
        async with (
            consul_client(settings.consul_url, connections=2, seconds=_CONSUL_SECONDS) as consul,
            holders(consul, settings.key_holders) as asked,
        ):
            rotation = app[ROTATION] = Rotation(signing, consul, asked, settings)
            await until_available(f"consul at {settings.consul_url}", rotation.catch_up, ERRORS)
            async with background("signing keys", rotation.rounds):
                yield

    return resource
