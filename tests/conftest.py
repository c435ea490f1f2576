"""The real parts and the whole platform, started once per run, and fresh corners of them for each test.

A test that is skipped counts as failed: a promise that was not checked is not kept.
"""

import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from contextlib import AsyncExitStack
from uuid import uuid4

import hypothesis
import pytest
from aiohttp import web

from scripts.layout import CHECKOUT, Layout
from scripts.native.fetching import fetch
from scripts.platform import load_secrets, platform_specs
from scripts.supervisor import Supervisor
from scripts.supervisor.record import end_leftovers
from tests.instances import Instance, started
from tests.otlp import OtlpReceiver, otlp_receiver
from tests.parts import Corner, corner
from tests.tokens import Issuer

PORT_OFFSET = int(os.environ.get("PORTICO_TEST_PORT_OFFSET", "3000"))
"""Of the parts that tests start; another one lets two checkouts be tested at the same time."""

# How long an example takes says how busy the machine is, and nothing of the code.
hypothesis.settings.register_profile(
    "portico", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("portico")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--pictures", help="a directory for photographs of the console, such as docs/console")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped:
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, which counts as failed: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def layout() -> Layout:
    """A home and ports of the tests' own, empty at the start of each run."""
    layout = Layout(CHECKOUT / ".portico" / "test", PORT_OFFSET)
    end_leftovers(layout.process_record)
    shutil.rmtree(layout.home, ignore_errors=True)
    return layout


@pytest.fixture(scope="session")
async def traces() -> AsyncIterator[OtlpReceiver]:
    """Receives every span of the platform, before the collector does."""
    async with otlp_receiver() as receiver:
        yield receiver


@pytest.fixture(scope="session")
async def supervisor(layout: Layout, traces: OtlpReceiver) -> AsyncIterator[Supervisor]:
    """Owns every process of the run. Nothing is started before somebody asks for it."""
    await fetch(layout.native)
    traces.collector = layout.url("otlp")
    everywhere = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": traces.url,
        "PORTICO_RATE_LIMIT_SCALE": "1000",
        "PORTICO_TRACES_PER_SECOND": "1000",
        "PORTICO_LOG_LINES_PER_SECOND": "5000",
        # A machine that is slow for a moment is not what most tests are about.
        "PORTICO_STORE_SECONDS": "5",
        "PORTICO_SAGA_LAG_SECONDS": "25",
    }
    specs = tuple(spec.with_environment(everywhere) for spec in platform_specs(layout))
    async with Supervisor(specs, logs=layout.logs, record=layout.process_record) as owner:
        yield owner


@pytest.fixture(scope="session")
async def parts(supervisor: Supervisor) -> None:
    """Real MongoDB, RabbitMQ, Redis and Consul."""
    await supervisor.start("mongodb", "rabbitmq", "redis", "consul")


@pytest.fixture
async def here(parts: None, layout: Layout) -> AsyncIterator[Corner]:
    """A database, a virtual host and a corner of Consul for one test alone."""
    async with corner(layout, load_secrets(layout), uuid4().hex[:12]) as fresh:
        yield fresh


@pytest.fixture(scope="session")
def issuer() -> Issuer:
    """Signs access tokens as auth does."""
    return Issuer.make()


Start = Callable[[web.Application], Awaitable[Instance]]


@pytest.fixture
async def start(issuer: Issuer) -> AsyncIterator[Start]:
    """Start an application on a free port and get a client for it; it is stopped after the test."""
    async with AsyncExitStack() as stack:

        async def run(app: web.Application) -> Instance:
            return await stack.enter_async_context(started(app, issuer))

        yield run


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever the shell says to a running platform is not meant for tests."""
    for name in list(os.environ):
        if name.startswith(("PORTICO_", "OTEL_")):
            monkeypatch.delenv(name)
    yield
