"""Running one process: configure, start, register, serve, and on SIGTERM drain before anything stops."""

import asyncio
import gc
import signal
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Any, Final, TypeVar

import uvloop
from aiohttp import web

from discovery.consul.registration import Registration, registered
from observability import logs, tracing
from services.chassis.app import make_runner
from services.chassis.health import READINESS
from services.chassis.listening import listening
from services.chassis.notify import notify
from services.chassis.open_files import allow_open_files
from services.chassis.settings import ProcessSettings

S = TypeVar("S", bound=ProcessSettings)
_ALLOCATIONS: Final = 20_000
"""From one collection to the next; Python's own 700 took a twentieth of the time under load."""


def run(make_app: Callable[[S], web.Application], settings_class: Callable[[], S]) -> None:
    """Serve until SIGTERM or SIGINT. Settings that cannot be read end the process with what is wrong with them."""
    settings = settings_class()
    allow_open_files()
    flush_logs = logs.configure_logs(
        settings.service, settings.instance, settings.log_level, settings.version, settings.logs_address
    )
    flush_traces = tracing.configure_tracing(settings.service, settings.instance, settings.version)
    try:
        uvloop.run(serve(make_app(settings), settings))
    finally:
        flush_traces()
        flush_logs()


async def serve(app: web.Application, settings: ProcessSettings) -> None:
    """Serve one application until told to stop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    runner = make_runner(app, settings.shutdown_seconds)
    try:
        # Resources wait for missing parts as long as it takes, and so does registration.
        if not await _unless(stop, runner.setup()):
            return
        async with AsyncExitStack() as stack:
            port = await stack.enter_async_context(_listening(runner, settings))
            await app[READINESS].refresh()
            if await _unless(stop, stack.enter_async_context(_registration(app, settings, port))):
                _settle_in()
                notify(f"READY=1\nSTATUS=serving on {settings.host}:{port}")
                await stop.wait()
    finally:
        await runner.cleanup()


def _listening(runner: web.AppRunner, settings: ProcessSettings) -> AbstractAsyncContextManager[int]:
    assert runner.server is not None
    return listening(runner.server, settings.host, settings.port)


def _settle_in() -> None:
    """What was loaded until now stays for good: the garbage collector need not walk it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_ALLOCATIONS)


def _registration(
    app: web.Application, settings: ProcessSettings, port: int
) -> AbstractAsyncContextManager[None]:
    entry = Registration(
        settings.service, settings.instance, settings.host, port, settings.version, settings.tags
    )
    return registered(
        settings.consul_url,
        entry,
        drain_seconds=settings.drain_seconds,
        on_drain=lambda: _drain(app),
        on_wait=lambda what: notify(f"STATUS={what}"),
    )


async def _unless(stop: asyncio.Event, work: Coroutine[Any, Any, object]) -> bool:
    """Do this unless told to stop meanwhile, and tell whether it was done. Raises what it raises."""
    doing, stopping = asyncio.create_task(work), asyncio.create_task(stop.wait())
    await asyncio.wait({doing, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not doing.done():
        doing.cancel()
        await asyncio.wait({doing})
        return False
    await doing
    return True


def _drain(app: web.Application) -> None:
    notify("STOPPING=1\nSTATUS=draining")
    app[READINESS].draining = True
