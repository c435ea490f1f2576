"""A replica set of MongoDB of one member: initiated once, with a user for every service."""

from collections.abc import Awaitable, Mapping
from typing import Any

from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure, PyMongoError

from scripts.native.probes import until

Document = dict[str, Any]

REPLICA_SET = "rs0"
ALREADY_INITIALIZED = 23
USER_ALREADY_EXISTS = 51003


def connect(host: str, port: int, root_password: str | None = None) -> AsyncMongoClient[Document]:
    """A client of this member alone, whatever the set is; without a password one that has not logged in."""
    return AsyncMongoClient(
        host=host,
        port=port,
        directConnection=True,
        serverSelectionTimeoutMS=5000,
        socketTimeoutMS=10000,
        username="root" if root_password else None,
        password=root_password,
    )


async def initiate(client: AsyncMongoClient[Document], address: str) -> None:
    """Make the member at `address` (`host:port`, as everybody reaches it) a set, unless it is one, and wait for it."""
    config = {"_id": REPLICA_SET, "members": [{"_id": 0, "host": address}]}
    await _tolerating(ALREADY_INITIALIZED, client.admin.command("replSetInitiate", config))
    await until_primary(client)


async def until_primary(client: AsyncMongoClient[Document]) -> None:
    """Return once it takes writes."""

    async def attempt() -> bool:
        return bool((await client.admin.command("hello"))["isWritablePrimary"])

    await until(attempt, PyMongoError)


async def grant(client: AsyncMongoClient[Document], passwords: Mapping[str, str]) -> None:
    """Let each service, by its database's name, read and write its own database, and nothing else."""
    for database, password in passwords.items():
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
