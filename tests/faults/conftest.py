"""One platform for all faults, behind the suite's own proxies, and the table at the end."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from pymongo import AsyncMongoClient

from scripts.complete_journey.baskets import choose
from scripts.complete_journey.catalogue import most_bought
from scripts.complete_journey.replay import on_sale, wishes
from scripts.layout import CHECKOUT, Layout
from scripts.load.customers import Customer, signed_in
from scripts.load.record import recorded
from scripts.platform import load_credentials
from scripts.seeding import put_on_sale
from scripts.storefront import Storefront
from tests.faults import report
from tests.faults.audit import Auditor
from tests.faults.books import Databases
from tests.faults.catalogue import FAULTS, TELLING, pairs
from tests.faults.experiment import Experiment, Load
from tests.faults.plan import WISHES
from tests.faults.row import Row
from tests.faults.site import Site, site
from tests.faults.traffic import Traffic
from tests.faults.without import SAFEGUARDS
from tests.faults.witness import Witness

PORT_OFFSET = 5_600
PRODUCTS = 200
CUSTOMERS = 12
SHARES = {
    "tok_decline": 0.04,
    "tok_flaky": 0.05,
    "tok_capture_fails": 0.02,
    "tok_slow": 0.03,
    "tok_webhook_twice": 0.03,
    "tok_webhook_early": 0.03,
}
ROWS = pytest.StashKey[list[Row]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    options = parser.getgroup("faults")
    options.addoption("--short", action="store_true", help="only the most telling faults")
    options.addoption("--seed", type=int, default=1, help="decides baskets, moments, durations and pairs")
    options.addoption("--pairs", type=int, default=0, help="pairs of faults at once")
    options.addoption("--baskets", type=int, default=30, help="orders under each fault, at least")
    options.addoption("--rate", type=float, default=10.0, help="orders a second")
    options.addoption("--patience", type=float, default=100.0, help="seconds in which the dust must settle")
    options.addoption("--without", choices=SAFEGUARDS, help="switch it off: the suite must fail then")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "names" in metafunc.fixturenames:
        option = metafunc.config.getoption
        singles = [(name,) for name in (TELLING if option("--short") else FAULTS)]
        struck = [*singles, *pairs(option("--pairs"), option("--seed"))]
        metafunc.parametrize("names", struck, ids=[" + ".join(names) for names in struck])


@pytest.fixture(scope="session")
def layout() -> Layout:
    """A home and ports of the suite's own."""
    return Layout(CHECKOUT / ".portico" / "faults", PORT_OFFSET)


@pytest.fixture(scope="session")
async def running(layout: Layout, pytestconfig: pytest.Config) -> AsyncIterator[Site]:
    """The whole platform."""
    async with site(layout, pytestconfig.getoption("--without")) as started:
        yield started


@pytest.fixture(scope="session")
async def auditor(running: Site) -> AsyncIterator[Auditor]:
    """Who checks, and has been listening from the beginning."""
    witness = Witness(running.broker)
    await witness.begin()
    async with AsyncMongoClient[dict[str, Any]](running.mongodb_url, tz_aware=True) as client:
        yield Auditor(Databases(client), running.broker, witness)


@pytest.fixture(scope="session")
async def traffic(running: Site, auditor: Auditor, pytestconfig: pytest.Config) -> AsyncIterator[Traffic]:
    """A shop with real products, and customers who want what real households bought."""
    seed, url = pytestconfig.getoption("--seed"), running.layout.url("edge")
    logins = load_credentials(running.layout)
    async with (
        Storefront(url) as storefront,
        signed_in(url, logins.customer.password, CUSTOMERS) as customers,
    ):
        await storefront.log_in(logins.admin)
        await put_on_sale(storefront, most_bought(PRODUCTS).articles)
        skus = await on_sale(storefront)
        wanted = wishes(choose(skus, WISHES, seed).baskets, skus, CUSTOMERS, SHARES, seed)
        with recorded(running.layout.home / "record.jsonl") as record:
            yield Traffic(customers, Customer(logins.admin), wanted, record)


@pytest.fixture(scope="session")
def experiment(running: Site, traffic: Traffic, auditor: Auditor, pytestconfig: pytest.Config) -> Experiment:
    """All of it together, as busy as the options say."""
    option = pytestconfig.getoption
    load = Load(option("--rate"), option("--baskets"))
    return Experiment(running, traffic, auditor, load, option("--patience"))


@pytest.fixture(scope="session")
def rows(layout: Layout, pytestconfig: pytest.Config) -> Iterator[list[Row]]:
    """The table so far; it is printed and kept at the end."""
    kept = pytestconfig.stash.setdefault(ROWS, [])
    yield kept
    report.write(kept, pytestconfig.getoption("--seed"), layout.home)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    rows = config.stash.get(ROWS, [])
    if rows:
        terminalreporter.section("faults")
        terminalreporter.write_line("\n".join(report.told(rows, config.getoption("--seed"))))
