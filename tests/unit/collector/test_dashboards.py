"""The dashboards ask for what the platform measures."""

import re
from importlib import import_module
from typing import get_args

import pytest
from prometheus_client import REGISTRY

from observability.collector.console.dashboards import DASHBOARDS, Query
from observability.collector.console.figures import _series
from services.contracts.order import OrderStatus

QUERIES = [
    pytest.param(query, id=f"{panel.title}: {query.legend}")
    for dashboard in DASHBOARDS.values()
    for panel in dashboard.panels
    for query in panel.queries
]
METRICS = (
    *(
        "observability.metrics",
        "observability.collector.metrics",
        "gateway.metrics",
        "services.order.metrics",
    ),
    *("services.payment.metrics", "services.operations.metrics"),
)
TARGET = {"service", "instance"}


@pytest.fixture(scope="module")
def labels() -> dict[str, set[str]]:
    """The labels of every metric of ours, by its name."""
    for module in METRICS:
        import_module(module)
    collectors = set(REGISTRY._names_to_collectors.values())
    return {
        name: set(getattr(collector, "_labelnames", ()))
        for collector in collectors
        for name, owner in REGISTRY._names_to_collectors.items()
        if owner is collector
    }


@pytest.mark.parametrize("query", QUERIES)
def test_every_metric_exists_and_has_the_labels_that_are_asked_for(
    query: Query, labels: dict[str, set[str]]
) -> None:
    names = re.findall(r"portico_\w+", query.expression)
    assert names or "process_" in query.expression or "rabbitmq_" in query.expression
    for name in names:
        assert name in labels, f"nothing is called {name}"
        wanted = set(re.findall(r"\{(\w+)\}", query.legend))
        assert wanted <= labels[name] | TARGET
    for outcome in re.findall(r'outcome!?="([A-Z]+)"', query.expression):
        assert outcome in get_args(OrderStatus)


def test_a_series_is_named_by_its_labels_and_has_no_holes_that_json_cannot_tell() -> None:
    found = {"metric": {"service": "order"}, "values": [[1, "2.5"], [6, "NaN"], [11, "+Inf"]]}
    assert _series(Query("{service}", ""), found) == ("order", {1: 2.5})
    assert _series(Query("{missing}", ""), found)[0] == "all"
