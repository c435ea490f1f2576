"""The collector's process: table of contents."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, closing

from aiohttp import web

from observability.collector.console.app import make_console
from observability.collector.database import Readers
from observability.collector.intake import Intake
from observability.collector.logs import LogLimits, LogStore
from observability.collector.metrics import STORED_BYTES
from observability.collector.receiver import make_receiver
from observability.collector.settings import Settings
from observability.collector.tail import LogTail
from observability.collector.traces import TraceLimits, TraceStore
from services.chassis.app import make_runner, make_service
from services.chassis.background import background, every

ROUND_SECONDS = 1.0
TRIM_SECONDS = 5.0
_HOUR = 3_600_000_000
_SECOND = 1_000_000


def make_app(settings: Settings) -> web.Application:
    """Health and metrics, as of every process; beside them the OTLP port, the log files and the console."""
    app = make_service(settings)
    app.cleanup_ctx.append(collecting(settings))
    return app


def collecting(settings: Settings) -> Callable[[web.Application], AsyncIterator[None]]:
    """Take traces, read logs and serve the console while the application lives."""

    async def resource(_: web.Application) -> AsyncIterator[None]:
        intake = Intake(settings.queued_spans)
        async with AsyncExitStack() as stack:
            traces = stack.enter_context(closing(_trace_store(settings)))
            logs = stack.enter_context(closing(_log_store(settings)))
            await stack.enter_async_context(every("limits", TRIM_SECONDS, lambda: _trim(traces, logs)))
            await stack.enter_async_context(background("spans", lambda: intake.store_all(traces)))
            if settings.log_directory:
                limits = settings.log_lines_per_second, settings.log_lines_burst
                tail = LogTail(settings.log_directory, logs, *limits)
                await stack.enter_async_context(every("log files", ROUND_SECONDS, lambda: _round(tail)))
            console = make_console(settings, Readers(traces.path), Readers(logs.path))
            await stack.enter_async_context(_served(make_receiver(intake), settings, settings.otlp_port))
            await stack.enter_async_context(_served(console, settings, settings.console_port))
            yield

    return resource


async def _round(tail: LogTail) -> None:
    await asyncio.to_thread(tail.round, _now())


async def _trim(traces: TraceStore, logs: LogStore) -> None:
    for what, store in (("traces", traces), ("logs", logs)):
        await asyncio.to_thread(store.trim, _now())
        STORED_BYTES.labels(what).set(store.used)


def _now() -> int:
    """Microseconds since the epoch."""
    return time.time_ns() // 1000


@asynccontextmanager
async def _served(app: web.Application, settings: Settings, port: int) -> AsyncIterator[None]:
    runner = make_runner(app, settings.shutdown_seconds)
    await runner.setup()
    try:
        await web.TCPSite(runner, settings.host, port).start()
        yield
    finally:
        await runner.cleanup()


def _trace_store(settings: Settings) -> TraceStore:
    limits = TraceLimits(
        size=settings.traces_bytes,
        ordinary_age=int(settings.traces_hours * _HOUR),
        worth_age=int(settings.kept_traces_hours * _HOUR),
        slow=int(settings.slow_seconds * _SECOND),
    )
    return TraceStore(settings.collector_directory / "traces.db", limits)


def _log_store(settings: Settings) -> LogStore:
    limits = LogLimits(size=settings.logs_bytes, age=int(settings.logs_hours * _HOUR))
    return LogStore(settings.collector_directory / "logs.db", limits)
