"""What the platform tells of itself is found in the console: an order up to its last consumer, and its lines."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from scripts.layout import Layout
from scripts.native.fetching import fetch
from scripts.platform import load_credentials
from scripts.supervisor import Supervisor
from tests.browser import chromium
from tests.browser.page import Page, browsing
from tests.journeys.console import ask
from tests.journeys.letters import letter_about, poison
from tests.journeys.shop import Shop
from tests.parts import eventually

PARTICIPANTS = {"envoy-edge", "envoy-egress", "gateway", "order", "inventory", "payment"}


def is_whole(trace: Any) -> bool:
    """Whether everybody took part, up to the last consumer, and no span is missing in between."""
    services = {process["serviceName"] for process in trace["processes"].values()}
    known = {span["spanID"] for span in trace["spans"]}
    parents = {
        reference["spanID"]
        for span in trace["spans"]
        for reference in span["references"]
        if reference["refType"] == "CHILD_OF"
    }
    last = {span["operationName"] for span in trace["spans"]} & {"process payment.payment_captured.v1"}
    return services >= PARTICIPANTS and parents <= known and bool(last)


async def test_an_order_is_found_by_its_id_with_everything_that_was_done_for_it(
    store: Shop, layout: Layout
) -> None:
    customer = await store.customer()
    correlation_id = f"journey-{uuid4().hex[:8]}"
    sku = await store.product(stock=5)
    placed = await customer.place_as(sku, correlation_id)
    order_id = placed.body["order_id"]
    await customer.ended(order_id)

    async def whole() -> Any:
        found = (await ask(layout, "/api/traces", subject=order_id, service="envoy-edge"))["data"]
        return [trace for trace in found if is_whole(trace)]

    [trace] = await eventually(whole)
    assert trace["traceID"] == placed.headers["traceparent"].split("-")[1]
    assert {span["operationName"] for span in trace["spans"]} >= {
        "POST /api",
        "POST /api/v1/orders",
        "POST /orders",
        "process inventory.reserve_stock.v1",
        "process payment.authorize_payment.v1",
        "process order.order_status_changed.v1",
        "order.insert",
    }

    async def logged() -> Any:
        lines = (await ask(layout, "/api/console/logs", correlation_id=correlation_id))["items"]
        return {"envoy-edge", "gateway", "order"} <= {line["service"] for line in lines} and lines

    lines = await eventually(logged)
    assert {line["trace_id"] for line in lines} == {trace["traceID"]}


async def test_the_instances_are_those_that_run(platform: Supervisor, layout: Layout) -> None:
    running = {status.name for status in platform.status() if status.name.rpartition("-")[2].isdigit()}

    async def well() -> bool:
        items = (await ask(layout, "/api/console/instances"))["items"]
        return {one["id"] for one in items if one["status"] == "passing"} == running

    await eventually(well)


async def test_every_panel_of_every_dashboard_can_be_drawn(store: Shop, layout: Layout) -> None:
    customer = await store.customer()
    await customer.ended(await customer.order(await store.product(stock=5)))
    for dashboard in (await ask(layout, "/api/console/dashboards"))["items"]:
        found = await ask(layout, f"/api/console/dashboards/{dashboard['name']}", minutes="5")
        assert found["panels"]
        assert all(
            len(series["values"]) == len(found["times"])
            for panel in found["panels"]
            for series in panel["series"]
        )

    async def measured() -> bool:
        found = await ask(layout, "/api/console/dashboards/requests", minutes="5")
        return "order" in {series["name"] for series in found["panels"][0]["series"]}

    await eventually(measured, seconds=30)


@pytest.fixture
async def page(platform: Supervisor, layout: Layout, tmp_path: Path) -> Any:
    """The console in a browser. At the end it has loaded nothing from elsewhere, and had nothing to complain of."""
    await fetch(layout.native, (chromium.PART,))
    profile = tmp_path / "browser"
    profile.mkdir()
    async with browsing(layout.native, profile) as opened:
        yield opened
        strangers = [url for url in opened.requested if not url.startswith((layout.url("console"), "data:"))]
        assert strangers in ([], ["about:blank"])
        assert opened.complaints == []


@pytest.fixture
def pictures(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Where photographs go."""
    return Path(request.config.getoption("--pictures") or tmp_path)


async def test_an_operator_finds_their_way_on_the_page(
    store: Shop, layout: Layout, page: Page, pictures: Path
) -> None:
    customer = await store.customer()
    sku = await store.product(stock=50)
    for token in ("tok_approve", "tok_decline", "tok_flaky", "tok_slow"):
        await customer.ended(await customer.order(sku, token=token))
    order_id = await customer.order(sku)
    await customer.ended(order_id)
    await poison(layout, order_id)
    letter = await letter_about(store, order_id, state="dead")

    await page.colours("light")
    await page.open(layout.url("console"))
    await page.see("Who calls whom", "envoy-edge", "instances are well", "gateway-1", "collector-1")
    await page.photograph(pictures / "overview.png")

    # from an order's id to its trace, a span of it, and its lines
    await page.fill("input[name=id]", order_id)
    await page.evaluate("document.querySelector('form.find').requestSubmit()")
    await page.see("Traces that speak of it", "POST /api/v1/orders")
    await page.click("gateway POST /api/v1/orders", "table a")
    await page.see("What was logged meanwhile", "process inventory.reserve_stock.v1", "POST /orders 202")
    await page.click("inventory", ".row")
    await page.see("Attributes", "messaging.message.id")
    await page.photograph(pictures / "trace.png")

    await page.click("Traces")
    await page.see("Took part", "POST /api/v1/orders")
    await page.photograph(pictures / "traces.png")
    await page.click("Logs")
    await page.fill("input[placeholder='words that must be there']", "orders 202")
    await page.see("POST /api/v1/orders 202")
    await page.click("", ".line button")
    await page.see("correlation id")
    await page.photograph(pictures / "logs.png")

    await page.colours("dark")
    await page.click("Dashboards")
    await page.see("Requests", "Busiest routes of the gateway")
    await eventually(lambda: page.evaluate("document.querySelectorAll('.uplot canvas').length > 2"), 30)
    await page.photograph(pictures / "dashboards.png")

    await page.click("Dead letters")
    await page.see("Sign in")
    admin = load_credentials(layout).admin
    await page.fill("input[name=email]", admin.email)
    await page.fill("input[name=password]", "wrong")
    await page.click("Sign in", "button")
    await page.see("Sign in", "wrong")
    await page.fill("input[name=password]", admin.password)
    await page.click("Sign in", "button")
    await page.see("incomprehensible", "inventory.stock_rejected.v1")
    await page.open(f"{layout.url('console')}/#/letters/{letter['id']}")
    await page.see("What it says", "How it failed", letter["message_id"])
    await page.photograph(pictures / "letter.png")
    await page.click("Discard", "button")
    await page.fill("dialog input", "of no use")
    await page.click("Discard", "dialog button.primary")
    await page.see("discard → ", "(of no use)")
    assert (await letter_about(store, order_id, state="discarded"))["id"] == letter["id"]

    await page.open(f"{layout.url('console')}/#/sagas/{order_id}")
    await page.see("order placed", "order confirmed", "Its payment", "captured", "Its goods")
    await page.photograph(pictures / "saga.png")
    await page.click("Sign out")
    await page.see("Sign in")
    assert await page.evaluate("sessionStorage.length") == 0
