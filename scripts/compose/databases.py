"""`python -m scripts.compose.databases`: the replica set and the services' users, where they are missing."""

import asyncio
import os

from scripts.compose.environment import password_variable
from scripts.native.probes import port_open
from scripts.replica_set import connect, grant, initiate
from scripts.secrets import DATABASES

SECONDS = 60.0


async def set_up(address: str, root_password: str, passwords: dict[str, str]) -> None:
    """Do it at `address` (`host:port`), which all others must reach it by; a second time changes nothing."""
    host, _, port = address.rpartition(":")
    async with asyncio.timeout(SECONDS):
        await port_open(host, int(port))
        async with connect(host, int(port), root_password) as client:
            await initiate(client, address)
            await grant(client, passwords)


if __name__ == "__main__":
    wanted = {name: os.environ[password_variable(name)] for name in DATABASES}
    root = os.environ["PORTICO_MONGODB_ROOT_PASSWORD"]
    asyncio.run(set_up(os.environ["PORTICO_MONGODB_ADDRESS"], root, wanted))
