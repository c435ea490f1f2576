"""What a real Envoy tells a collector of access lines, which comes and goes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import msgpack
import orjson
from aiohttp import ClientSession

from discovery.control_plane.codec import Codec
from tests.deploy.ports import free_port
from tests.discovery.rig import Rig, rigged
from tests.discovery.traffic import answered
from tests.parts import eventually

LOST = "envoy_access_logs_fluentd_portico_entries_lost"


@asynccontextmanager
async def taking(port: int, records: list[dict[str, Any]]) -> AsyncIterator[None]:
    """Whoever connects speaks Fluentd's forward protocol: tag, then entries of a time in seconds and a record."""

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        unpacker = msgpack.Unpacker()
        while data := await reader.read(65_536):
            unpacker.feed(data)
            for tag, entries in unpacker:
                assert tag == "access"
                records.extend(record for _, record in entries)
        writer.close()

    async with await asyncio.start_server(take, "127.0.0.1", port):
        yield


def sending(codec: Codec, home: Path, port: int) -> AbstractAsyncContextManager[Rig]:
    """An edge that sends its access lines to a port."""
    return rigged(codec, home, log_collector=("127.0.0.1", port), collect_access_logs=True)


async def test_the_collector_gets_the_lines_that_stdout_has(codec: Codec, tmp_path: Path) -> None:
    port, records = free_port(), list[dict[str, Any]]()
    async with taking(port, records), sending(codec, tmp_path, port) as rig:
        await eventually(lambda: answered(rig.http, "/api/x", "gw"))
        await asked(rig, "c-1")
        (record,) = await eventually(partial(of, records, "c-1"))
        (line,) = await eventually(lambda: of(lines(rig), "c-1"))
    assert record.pop("event.start") == line.pop("@timestamp")
    assert record == line
    assert record["http.response.status_code"] == 200
    assert "hidden" not in str(record)


async def test_without_the_collector_requests_are_answered_and_their_lines_wait(
    codec: Codec, tmp_path: Path
) -> None:
    port, records = free_port(), list[dict[str, Any]]()
    async with sending(codec, tmp_path, port) as rig:
        await eventually(lambda: answered(rig.http, "/api/x", "gw"))
        await asked(rig, "c-2")
        async with taking(port, records):
            assert await eventually(partial(of, records, "c-2"))
        async with (
            ClientSession(rig.layout.url("edge_admin")) as admin,
            admin.get("/stats/prometheus") as told,
        ):
            assert LOST in await told.text(), "what the alert is about"


async def asked(rig: Rig, correlation_id: str) -> None:
    headers = {"x-correlation-id": correlation_id}
    async with rig.http.get("/api/found?ticket=hidden", headers=headers) as response:
        assert response.status == 200


def lines(rig: Rig) -> list[dict[str, Any]]:
    """The access lines on stdout so far."""
    return [orjson.loads(line) for line in rig.access_log().splitlines() if line.startswith('{"@timestamp"')]


def of(found: list[dict[str, Any]], correlation_id: str) -> list[dict[str, Any]]:
    """Those of one request."""
    return [one for one in found if one["labels.correlation_id"] == correlation_id]
