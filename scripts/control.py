"""How commands talk to the running supervisor: one JSON line asks, JSON lines answer, over a Unix socket.

Answers are `{"processes": [...]}` at every change while something is being done, and at the end
`{"done": true}` or `{"error": "...", "failures": {...}}`.
"""

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from scripts.supervisor import StartFailed, Supervisor, UnknownProcess

Message = Mapping[str, Any]

CONNECT_SECONDS = 2.0
LINE_BYTES = 1024 * 1024


class NotRunning(ConnectionError):
    """No supervisor answers at the socket."""


class BrokenOff(ConnectionError):
    """The supervisor ended in the middle of an answer."""


class Control:
    """Serves the requests of commands; `stopped` is set once `stop` was asked for and carried out."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self.stopped = asyncio.Event()

    async def serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the request of one connection."""
        with contextlib.suppress(ConnectionError):
            async for answer in self._answers(json.loads(await reader.readline())):
                writer.write(json.dumps(answer).encode() + b"\n")
                await writer.drain()
        writer.close()

    async def _answers(self, request: Message) -> AsyncIterator[Message]:
        match request:
            case {"command": "status"}:
                yield self._processes()
            case {"command": "start"}:
                async for answer in self._during(self._supervisor.start()):
                    yield answer
            case {"command": "scale", "service": str(service), "count": int(count)}:
                scaling = self._supervisor.scale(service, count, *_difference(request))
                async for answer in self._during(scaling):
                    yield answer
            case {"command": "stop"}:
                async for answer in self._during(self._supervisor.stop()):
                    yield answer
                self.stopped.set()
            case _:
                yield {"error": f"not understood: {request}"}

    async def _during(self, work: Awaitable[None]) -> AsyncIterator[Message]:
        """The processes at each change while the work is done, then how it ended."""
        task = asyncio.ensure_future(work)
        # Who asked may go away, the work goes on.
        task.add_done_callback(lambda _: self._supervisor.changes.notify())
        while not task.done():
            changed = self._supervisor.changes.next()
            yield self._processes()
            await changed.wait()
        yield self._processes()
        yield _outcome(task)

    def _processes(self) -> Message:
        return {"processes": [asdict(status) for status in self._supervisor.status()]}


def _difference(request: Message) -> tuple[dict[str, str], Path | None]:
    """What new instances have that the others have not: tags, and the code of another checkout."""
    tags, checkout = request.get("tags"), request.get("checkout")
    return {"PORTICO_TAGS": json.dumps(tags)} if tags else {}, Path(checkout) if checkout else None


def _outcome(task: asyncio.Future[None]) -> Message:
    match task.exception():
        case None:
            return {"done": True}
        case StartFailed() as error:
            return {"error": str(error), "failures": error.failures}
        case UnknownProcess() | ValueError() as error:
            return {"error": str(error)}
        case error:
            raise error


@asynccontextmanager
async def served(control: Control, path: Path) -> AsyncIterator[None]:
    """Listen at the socket; only the owner of its directory gets in."""
    _clear(path)
    server = await asyncio.start_unix_server(control.serve_one, path)
    try:
        yield
    finally:
        server.close()
        _clear(path)


def _clear(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.parent.chmod(0o700)
    path.unlink(missing_ok=True)


async def ask(path: Path, **request: object) -> AsyncIterator[Message]:
    """Send a request to the supervisor at the socket and yield its answers.

    Raises NotRunning when there is none, BrokenOff when it ends before the answer does.
    """
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            reader, writer = await asyncio.open_unix_connection(os.fspath(path), limit=LINE_BYTES)
    except (OSError, TimeoutError) as error:
        raise NotRunning(f"no supervisor answers at {path}") from error
    try:
        writer.write(json.dumps(request).encode() + b"\n")
        answer: dict[str, Any] = {}
        while line := await reader.readline():
            answer = json.loads(line)
            yield answer
        if not answer or ("processes" in answer and request["command"] != "status"):
            raise BrokenOff("the supervisor ended before it was done; its log says why: logs/supervisor.log")
    finally:
        writer.close()
