"""What operators look at is there, on the running platform."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import ClientSession

from scripts.layout import Layout
from tests.deploy.lines import unknown
from tests.deploy.promql import asked_by_dashboards, expressions, metrics_of, recorded
from tests.journeys.shop import Shop
from tests.parts import eventually

QUIET = {
    "envoy_cluster_upstream_rq_retry",
    "portico_config_valid",
    "portico_dead_letters",
    "portico_message_age_seconds_bucket",
    "portico_rate_limit_unavailable_total",
    "portico_saga_unexpected_total",
    "portico_sections_degraded_total",
    "portico_shed_total",
}
"""Of what has not happened there is no series."""

ELSEWHERE = {"envoy_access_logs_fluentd_portico_entries_lost"}
"""Natively Envoy sends its access lines to nobody; `tests/discovery/test_access_logs.py` sees that it tells of them."""


@pytest.fixture
async def prometheus(store: Shop, layout: Layout) -> AsyncIterator[ClientSession]:
    """The running Prometheus, after somebody has looked, ordered, and looked at the order."""
    sku = await store.product(stock=5)
    customer = await store.customer()
    await customer.ended(await customer.order(sku))
    listed = await store.anyone.get("/api/v1/products?limit=1")
    await store.anyone.get(f"/api/v1/products/{listed['items'][0]['id']}")
    async with ClientSession(layout.url("prometheus"), raise_for_status=True) as session:
        yield session


async def ask(prometheus: ClientSession, path: str, **query: str) -> Any:
    async with prometheus.get(path, params=query) as response:
        return (await response.json())["data"]


async def test_every_metric_that_is_asked_for_is_exposed(prometheus: ClientSession) -> None:
    wanted = (
        {name for expr in expressions() for name in metrics_of(expr)}
        - recorded()
        - QUIET
        - ELSEWHERE
        - {"up"}
    )

    async def missing() -> set[str]:
        return wanted - set(await ask(prometheus, "/api/v1/label/__name__/values"))

    async def all_there() -> bool:
        return not await missing()

    try:
        await eventually(all_there, seconds=40)
    finally:
        assert " ".join(sorted(await missing())) == ""


async def test_every_panel_has_something_to_show(prometheus: ClientSession) -> None:
    wanted = [(title, expr) for title, expr in asked_by_dashboards() if not metrics_of(expr) & QUIET]

    async def empty() -> list[str]:
        answers = [(title, await ask(prometheus, "/api/v1/query", query=expr)) for title, expr in wanted]
        return [title for title, answer in answers if not answer["result"]]

    async def all_there() -> bool:
        return not await empty()

    try:
        await eventually(all_there, seconds=40)
    finally:
        assert "\n".join(await empty()) == ""


async def test_prometheus_has_taken_every_rule_and_none_of_them_fails(prometheus: ClientSession) -> None:
    async def unwell() -> list[str]:
        groups = (await ask(prometheus, "/api/v1/rules"))["groups"]
        assert len(groups) == 9
        return [rule["name"] for group in groups for rule in group["rules"] if rule["health"] != "ok"]

    async def all_well() -> bool:
        return not await unwell()

    await eventually(all_well, seconds=30)


ECHOES = {
    *("LowStock", "InstanceDown", "DeadLetters"),
    *("LatencyBudgetBurns", "ErrorBudgetBurnsFast", "ErrorBudgetBurnsSlowly"),
}
"""Alerts of what other tests did a moment ago: they switch parts off, and ask for what fails."""


async def test_while_all_is_well_no_alert_fires(prometheus: ClientSession) -> None:
    async def firing() -> list[str]:
        alerts = (await ask(prometheus, "/api/v1/alerts"))["alerts"]
        return [alert["labels"]["alertname"] for alert in alerts if alert["state"] == "firing"]

    assert set(await firing()) <= ECHOES


@pytest.mark.usefixtures("prometheus")
async def test_every_field_of_every_line_that_was_really_written_can_be_searched_for(layout: Layout) -> None:
    lines = [line for file in layout.logs.glob("*.log") for line in documents(file)]
    names = {str(line["service.name"]) for line in lines}
    assert {"gateway", "order", "payment", "control-plane"} <= names
    # Envoy writes its lines a second later.
    await eventually(lambda: {"envoy-edge", "envoy-egress"} <= said_by(layout))
    assert {field for line in lines for field in unknown(set(line))} == set()


def documents(file: Path) -> list[dict[str, object]]:
    """The lines of a log that are documents of the schema."""
    lines = (line for line in file.read_bytes().splitlines() if b'"ecs.version":' in line)
    return [orjson.loads(line) for line in lines]


def said_by(layout: Layout) -> set[str]:
    files = (layout.logs / f"{role}.log" for role in ("edge", "egress"))
    return {str(line["service.name"]) for file in files for line in documents(file)}
