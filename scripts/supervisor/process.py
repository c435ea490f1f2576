"""One supervised process: start, readiness, restart with back-off, clean stop."""

import asyncio
import time
from asyncio.subprocess import Process as Child
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import psutil

from scripts.supervisor import ports
from scripts.supervisor.changes import Changes
from scripts.supervisor.child import exit_text, kill_group, spawned
from scripts.supervisor.logfile import LogFile
from scripts.supervisor.notify import notify_socket
from scripts.supervisor.record import Record
from scripts.supervisor.spec import ProcessSpec, State, Status

BACKOFF_SECONDS = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
STABLE_SECONDS = 30.0
FIRST_START_ATTEMPTS = 3
DRAIN_SECONDS = 5.0


class Died(Exception):
    """The process ended or never became ready; the message says how."""


class Process:
    """Keeps one process running from `start` to `stop`.

    A process that was never ready is given up after three attempts (FAILED); one that was is
    restarted for ever, after 0.5 s doubling to 30 s.
    """

    def __init__(self, spec: ProcessSpec, log: LogFile, record: Record, changes: Changes) -> None:
        self.spec = spec
        self.log = log
        self.state = State.STOPPED
        self.text = ""
        self.restarts = 0
        self._record = record
        self._changes = changes
        self._child: Child | None = None
        self._task: asyncio.Task[None] | None = None
        self._started = 0.0
        self._failures = 0
        self._was_ready = False

    def start(self, may_start: Callable[[], bool]) -> None:
        """Run the process as soon as `may_start` holds; nothing if it is being run already."""
        if self._task is None or self._task.done():
            self._failures, self._was_ready = 0, False
            self._set(State.WAITING)
            self._task = asyncio.create_task(self._supervise(may_start), name=f"supervise {self.spec.name}")

    async def stop(self) -> None:
        """End the process, drained and within its bound, and leave it stopped."""
        if self._task is None:
            return
        was_ready = self.state is State.READY
        self._set(State.STOPPING)
        if was_ready and self.spec.before_stop:
            await self._drain(self.spec.before_stop)
        self._task.cancel()
        await asyncio.wait([self._task])
        self._task = None
        self._set(State.STOPPED)

    def kill(self) -> None:
        """SIGKILL the process and its group, as a crash would; it is restarted as after one."""
        if self._child:
            kill_group(self._child)
            # Not ready from now on, though its end is only noticed later.
            self._set(State.RESTARTING)

    def status(self) -> Status:
        """What can be told of the process now."""
        pid = self._child.pid if self._child else None
        listening = tuple(self.spec.ports.values()) or (ports.of_process(pid) if pid else ())
        return Status(
            name=self.spec.name,
            service=self.spec.provides,
            state=self.state,
            pid=pid,
            ports=listening,
            restarts=self.restarts,
            text=self.text,
            uptime=round(time.monotonic() - self._started, 1) if pid else 0.0,
            rss=_resident(pid) if pid else 0,
        )

    async def _supervise(self, may_start: Callable[[], bool]) -> None:
        while True:
            self._set(State.WAITING)
            await self._changes.until(may_start)
            try:
                await self._live()
            except Exception as error:
                self.text = str(error)
                self.log.note(self.text)
            self._failures += 1
            if not self._was_ready and self._failures >= FIRST_START_ATTEMPTS:
                self._set(State.FAILED)
                return
            await self._back_off()

    async def _drain(self, before_stop: Callable[[], Awaitable[None]]) -> None:
        draining = asyncio.ensure_future(before_stop())
        await asyncio.wait([draining], timeout=DRAIN_SECONDS)
        if not draining.cancel() and (error := draining.exception()):
            self.log.note(f"could not be drained: {error}")

    async def _back_off(self) -> None:
        delay = BACKOFF_SECONDS[min(self._failures, len(BACKOFF_SECONDS)) - 1]
        self.log.note(f"restarting in {delay:g} s")
        self._set(State.RESTARTING)
        await asyncio.sleep(delay)
        self.restarts += 1

    async def _live(self) -> None:
        """One life of the process: raises `Died` when it ends, ends it when cancelled."""
        taken = ports.conflicts(self.spec.ports)
        if taken:
            raise Died("; ".join(taken))
        if self.spec.prepare:
            self.spec.prepare()
        self.text = ""
        self._set(State.STARTING)
        async with AsyncExitStack() as stack:
            told_ready = asyncio.Event()
            address = await stack.enter_async_context(notify_socket(self._listener(told_ready)))
            child = await stack.enter_async_context(spawned(self.spec, self.log, self._record, address))
            self._child, self._started = child, time.monotonic()
            stack.callback(self._forget_child)
            ready = self.spec.ready() if self.spec.ready else told_ready.wait()
            await self._until_ready(child, asyncio.ensure_future(ready))
            await self._until_ended(child)

    async def _until_ready(self, child: Child, ready: asyncio.Future[Any]) -> None:
        ended = asyncio.ensure_future(child.wait())
        limit = self.spec.start_seconds
        try:
            await asyncio.wait({ready, ended}, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
            if ended.done():
                raise Died(f"ended with {exit_text(ended.result())} before it was ready")
            if not ready.done():
                raise Died(f"not ready within {limit:g} s ({self.text or 'it said nothing'})")
            if error := ready.exception():
                raise Died(f"could not be set up: {error}") from error
        finally:
            ended.cancel()
            ready.cancel()

    async def _until_ended(self, child: Child) -> None:
        ready_at = time.monotonic()
        self._was_ready = True
        self._set(State.READY)
        code = await child.wait()
        self._set(State.RESTARTING)
        if time.monotonic() - ready_at >= STABLE_SECONDS:
            self._failures = 0
        raise Died(f"ended with {exit_text(code)}")

    def _forget_child(self) -> None:
        self._child = None

    def _listener(self, told_ready: asyncio.Event) -> Callable[[str, str], None]:
        def heard(name: str, value: str) -> None:
            if name == "READY":
                told_ready.set()
            elif name == "STATUS":
                self.text = value
                self._changes.notify()

        return heard

    def _set(self, state: State) -> None:
        self.state = state
        self._changes.notify()


def _resident(pid: int) -> int:
    try:
        return psutil.Process(pid).memory_info().rss
    except psutil.Error:
        return 0
