"""The service's own database, and the unit of work that changes it."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, TypeVar

from aiohttp import web
from beanie import Document, init_beanie
from pymongo import AsyncMongoClient
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.uri_parser import parse_uri
from pymongo.write_concern import WriteConcern

from observability import metrics
from observability.mongodb import MongoCommandListener, MongoPoolListener
from services.chassis import driver, outbox, tables
from services.chassis.envelope import Origin
from services.chassis.errors import Unavailable
from services.chassis.health import READINESS
from services.chassis.lane import Lane
from services.chassis.settings import MongoSettings
from services.chassis.startup import until_available
from services.contracts.message import Message

T = TypeVar("T")
Bson = dict[str, Any]

driver.mend()


class Work:
    """One transaction in the making. Pass `session` to every operation that belongs to it.

    What is emitted goes to the outbox with the state that it tells of, so neither can exist without the other.
    """

    def __init__(self, app: web.Application, db: AsyncDatabase[Bson], session: AsyncClientSession) -> None:
        self.app = app
        self.db = db
        self.session = session
        self.outgoing: list[outbox.Row] = []
        self.afterwards: list[Callable[[], None]] = []
        self._positions: Counter[tuple[str, int]] = Counter()

    def emit(self, aggregate: str, version: int, *messages: Message, origin: Origin | None = None) -> None:
        """Say these once the work is committed, in order per aggregate.

        `aggregate` is `<name>/<id>` and `version` the one it has after this work. `origin` is the message that
        caused them; without one it is the request in hand.
        """
        for message in messages:
            position = self._positions[aggregate, version]
            self._positions[aggregate, version] += 1
            self.outgoing.append(
                outbox.Row.of(message, aggregate, version, position, origin or Origin.here())
            )

    def send_again(self, aggregate: str, version: int, resent: outbox.Resent, origin: Origin) -> None:
        """Bring a message back to a queue once the work is committed; it goes on in the trace of its `origin`."""
        self.outgoing.append(outbox.Row.again(resent, aggregate, version, origin))

    def after_commit(self, action: Callable[[], None]) -> None:
        """Call `action` when the work is committed; never when it is not."""
        self.afterwards.append(action)


class Database:
    """Runs work against one database."""

    def __init__(self, app: web.Application, client: AsyncMongoClient[Bson], seconds: float) -> None:
        self.db = client.get_default_database()
        self.lane = Lane()
        self._app = app
        self._client = client
        self._seconds = seconds

    async def transaction(self, body: Callable[[Work], Awaitable[T]]) -> T:
        """Run `body` in one transaction and commit it; on a write conflict the whole of it is run again.

        Raises Unavailable when that does not succeed within `transaction_seconds`.
        """
        try:
            async with asyncio.timeout(self._seconds), self._client.start_session() as session:
                work, parcels, result = await session.with_transaction(
                    lambda session: self._attempt(session, body),
                    read_concern=ReadConcern("snapshot"),
                    write_concern=WriteConcern("majority", j=True),
                )
        except TimeoutError as error:
            raise Unavailable("the database is too busy") from error
        for action in work.afterwards:
            action()
        if parcels:
            self.lane.hand_over(parcels)
        return result

    async def _attempt(
        self, session: AsyncClientSession, body: Callable[[Work], Awaitable[T]]
    ) -> tuple[Work, Sequence[outbox.Parcel], T]:
        work = Work(self._app, self.db, session)
        result = await body(work)
        parcels = await outbox.store(self.db, self.lane.name, work.outgoing, session)
        return work, parcels, result

    async def ping(self) -> None:
        """Raises PyMongoError unless a primary answers."""
        await self.db.command("ping")


DATABASE = web.AppKey("DATABASE", Database)


def mongo(
    settings: MongoSettings, documents: Sequence[type[Document]]
) -> Callable[[web.Application], AsyncIterator[None]]:
    """The database of this service with its indexes, for as long as the application lives."""

    async def resource(app: web.Application) -> AsyncIterator[None]:
        client = _client(settings)
        try:
            await until_available(f"mongodb at {_where(settings)}", client.aconnect, (PyMongoError,))
            metrics.POOL_LIMIT.labels("mongodb").set(settings.mongodb_max_pool)
            database = Database(app, client, settings.transaction_seconds)
            await tables.prepare(database.db, settings.inbox_days)
            await init_beanie(database=database.db, document_models=list(documents))
            app[DATABASE] = database
            app[READINESS].add("mongodb", database.ping)
            yield
        finally:
            await client.close()

    return resource


def _where(settings: MongoSettings) -> str:
    return ", ".join(
        f"{host}:{port}" for host, port in parse_uri(settings.mongodb_url.get_secret_value())["nodelist"]
    )


def _client(settings: MongoSettings) -> AsyncMongoClient[Bson]:
    milliseconds = int(settings.mongodb_timeout_seconds * 1000)
    return AsyncMongoClient(
        settings.mongodb_url.get_secret_value(),
        minPoolSize=settings.mongodb_min_pool,
        maxPoolSize=settings.mongodb_max_pool,
        waitQueueTimeoutMS=milliseconds,
        serverSelectionTimeoutMS=milliseconds,
        connectTimeoutMS=milliseconds,
        socketTimeoutMS=2 * milliseconds,
        w="majority",
        journal=True,
        tz_aware=True,
        event_listeners=[MongoCommandListener(), MongoPoolListener()],
    )
