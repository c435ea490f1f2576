"""The dashboards: their files are what the code says, and what they ask is PromQL about metrics that there are."""

import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY

from observability.grafana.__main__ import FILES, rendered
from observability.grafana.boards import dashboards
from scripts.layout import CHECKOUT
from tests.deploy.promql import expressions, metrics_of, recorded
from tests.deploy.stack import Service

PROVISIONING = "observability/grafana/provisioning"
OURS = (
    "observability.metrics",
    "gateway.metrics",
    "discovery.control_plane.metrics",
    *(f"services.{name}.metrics" for name in ("auth", "inventory", "operations", "order", "payment")),
)


def test_the_files_are_what_the_code_says() -> None:
    hint = "run python -m observability.grafana"
    assert {path: path.read_text() for path in FILES.glob("*.json")} == rendered(), hint


def test_compose_shows_grafana_where_they_are(services: dict[str, Service]) -> None:
    mounts = {volume["target"]: volume["source"] for volume in services["grafana"]["volumes"]}
    provider = yaml.safe_load((CHECKOUT / PROVISIONING / "dashboards" / "portico.yml").read_text())
    shown = provider["providers"][0]["options"]["path"]
    assert Path(mounts[shown]) == CHECKOUT / "observability/grafana/dashboards"
    home = services["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert (Path(mounts[shown]) / Path(home).name).exists()


def test_every_source_of_data_is_a_container_of_the_same_profile(services: dict[str, Service]) -> None:
    sources = yaml.safe_load((CHECKOUT / PROVISIONING / "datasources" / "portico.yml").read_text())
    named = {source["uid"]: source["url"] for source in sources["datasources"]}
    for url in named.values():
        host = url.removeprefix("http://").partition(":")[0]
        assert services[host]["profiles"] == services["grafana"]["profiles"]
    asked = {panel["datasource"]["uid"] for panel in _panels()}
    assert asked <= named.keys()


def test_panels_do_not_overlap_and_ids_are_unique() -> None:
    for name, board in dashboards().items():
        ids = [panel["id"] for panel in board["panels"]]
        assert len(ids) == len(set(ids)), name
        taken: set[tuple[int, int]] = set()
        for panel in board["panels"]:
            at = panel["gridPos"]
            cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
            assert not cells & taken, (name, panel["title"])
            assert at["x"] + at["w"] <= 24, (name, panel["title"])
            taken |= cells


def declared() -> set[str]:
    """The series of every metric that our code declares."""
    for module in OURS:
        importlib.import_module(module)
    endings = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum")}
    return {
        f"{family.name}{ending}"
        for family in REGISTRY.collect()
        for ending in endings.get(family.type, ("",))
        if family.name.startswith("portico_")
    }


@pytest.mark.parametrize("expr", sorted(set(expressions())))
def test_what_is_asked_is_promql_about_metrics_that_the_code_declares(expr: str) -> None:
    asked = metrics_of(expr)
    assert asked or "vector" in expr or "ALERTS" in expr
    assert {name for name in asked if ":" in name} <= recorded()
    assert {name for name in asked if name.startswith("portico_")} <= declared()


def _panels() -> Iterator[dict[str, Any]]:
    for file in FILES.glob("*.json"):
        yield from (panel for panel in json.loads(file.read_text())["panels"] if panel["type"] != "row")
