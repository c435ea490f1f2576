"""The replica set in containers: made from the state in which MongoDB's own image leaves the server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure

from scripts.compose.databases import set_up
from scripts.native import mongodb
from scripts.native.probes import port_open
from scripts.replica_set import connect
from scripts.secrets import Secrets, write_private
from tests.deploy.ports import free_port


@asynccontextmanager
async def running(native: Path, port: int, data: Path, *options: str) -> AsyncIterator[None]:
    """mongod while inside."""
    program = mongodb.PART.executable(native).path
    process = await asyncio.create_subprocess_exec(
        *(program, "--dbpath", str(data), "--port", str(port), "--bind_ip", "127.0.0.1", "--nounixsocket"),
        *options,
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(30):
            await port_open("127.0.0.1", port)
        yield
    finally:
        process.terminate()
        await process.wait()


@pytest.fixture
async def fresh(native: Path, tmp_path: Path) -> AsyncIterator[tuple[int, Secrets]]:
    """A server as the image leaves it: root is there, the replica set is not; log in or be nobody."""
    secrets, port, data = Secrets(), free_port(), tmp_path / "data"
    data.mkdir()
    # Before the image starts the server proper it starts one without replication, and creates root.
    async with running(native, port, data), connect("127.0.0.1", port) as client:
        await client.admin.command("createUser", "root", pwd=secrets.mongodb_root, roles=["root"])
    write_private(tmp_path / "keyfile", secrets.mongodb_keyfile)
    options = ("--config", str(mongodb.CONFIGURATION), "--keyFile", str(tmp_path / "keyfile"))
    async with running(native, port, data, *options):
        yield port, secrets


async def test_it_is_made_once_and_each_service_has_its_own_database(fresh: tuple[int, Secrets]) -> None:
    port, secrets = fresh
    for _ in range(2):
        await set_up(f"127.0.0.1:{port}", secrets.mongodb_root, secrets.mongodb)
    url = f"mongodb://order:{secrets.mongodb['order']}@127.0.0.1:{port}/order?replicaSet=rs0&authSource=admin"
    async with AsyncMongoClient[dict[str, Any]](url) as client:
        async with client.start_session() as session, await session.start_transaction():
            await client.order.orders.insert_one({"_id": 1}, session=session)
        assert await client.order.orders.count_documents({}) == 1
        with pytest.raises(OperationFailure, match="not authorized"):
            await client.payment.payments.find_one()
