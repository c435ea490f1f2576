"""What runs short is counted, and found by an index."""

import pytest

from services.inventory.app import make_app
from services.inventory.counting import short
from services.inventory.settings import Settings
from tests.conftest import Start
from tests.metrics import sample
from tests.parts import Corner, eventually
from tests.plans import explain
from tests.services.inventory.keeping import adjust, change
from tests.tokens import Issuer


def counted() -> list[float]:
    return [sample("portico_short_skus", shortage=shortage) for shortage in ("low", "none")]


async def test_skus_that_run_short_are_counted_until_they_do_no_more_and_named(
    here: Corner, start: Start, issuer: Issuer, caplog: pytest.LogCaptureFixture
) -> None:
    app = await start(make_app(here.settings(Settings, count_seconds=0.05)))
    staff = issuer.bearer("keeper", "support")
    for sku, quantity in (("plenty", 50), ("few", 5), ("gone", 3), ("any", 1)):
        await adjust(app, sku, {"delta": quantity, "reason": "delivery"}, staff)
    await adjust(app, "gone", {"delta": -3, "reason": "broken"}, staff)
    await change(app, "any", {"track": False}, staff)
    await eventually(lambda: counted() == [1, 1])
    await eventually(lambda: "of these skus little is left: few" in caplog.messages)
    await eventually(lambda: "of these skus nothing is left: gone" in caplog.messages)
    await adjust(app, "few", {"delta": 1, "reason": "delivery"}, staff)
    await eventually(lambda: counted() == [0, 1])


async def test_only_what_runs_short_is_looked_at(here: Corner, start: Start) -> None:
    await start(make_app(here.settings(Settings, count_seconds=3600)))
    stock = here.db("inventory").stock
    await stock.insert_many([{"_id": f"s{number}", "stock": {}} for number in range(1000)])
    await stock.insert_many([{"_id": f"l{n}", "stock": {}, "shortage": "low"} for n in range(10)])
    plan = await explain(stock, short("low"), [], 10_000)
    assert plan.is_served_by_an_index, plan.stages
    assert plan.examined == 10
