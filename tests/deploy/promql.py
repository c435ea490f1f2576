"""The PromQL of rules and dashboards, and what it asks for."""

from collections.abc import Iterator
from typing import Any

import promql_parser

from observability.grafana.boards import dashboards
from tests.runbooks import rules


def metrics_of(expr: str) -> set[str]:
    """The metrics that an expression asks for, ALERTS aside. Raises ValueError for what is no PromQL."""
    return set(_names(promql_parser.parse(expr))) - {"ALERTS"}


def _names(node: Any) -> Iterator[str]:
    if isinstance(node, promql_parser.VectorSelector):
        yield from [node.name] if node.name else []
        return
    for part in ("vector_selector", "expr", "lhs", "rhs"):
        inner = getattr(node, part, None)
        if inner is not None:
            yield from _names(inner)
    for argument in getattr(node, "args", None) or ():
        yield from _names(argument)


def asked_by_dashboards() -> Iterator[tuple[str, str]]:
    """Every expression of a panel, after what the panel is."""
    for name, board in dashboards().items():
        for panel in board["panels"]:
            for target in panel.get("targets", ()):
                yield f"{name}: {panel['title']}", target["expr"]


def expressions() -> Iterator[str]:
    """Every expression that anybody asks of Prometheus."""
    yield from (rule["expr"] for rule in rules())
    yield from (expr for _, expr in asked_by_dashboards())


def recorded() -> set[str]:
    """What recording rules make."""
    return {rule["record"] for rule in rules() if "record" in rule}
