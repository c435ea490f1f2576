"""What a dashboard is made of, in the few shapes that these have, as Grafana's JSON."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

Json = dict[str, Any]
PROMETHEUS: Final[Json] = {"type": "prometheus", "uid": "prometheus"}
_COLUMNS: Final = 24
_HEIGHT: Final = 8


@dataclass(frozen=True)
class Query:
    """A PromQL expression, and what each of its series is called: a text with `{{label}}`."""

    expr: str
    legend: str = ""


@dataclass(frozen=True)
class Panel:
    """Lines over time, or one figure (`kind` stat) with the value from which it is bad."""

    title: str
    queries: tuple[Query, ...]
    unit: str = "short"
    kind: str = "timeseries"
    width: int = 8
    bad_from: float | None = None
    description: str = ""


@dataclass(frozen=True)
class Row:
    """Panels under a heading."""

    title: str
    panels: tuple[Panel, ...]


def lines(title: str, *queries: Query, unit: str = "short", width: int = 8, description: str = "") -> Panel:
    """How something went."""
    return Panel(title, queries, unit, width=width, description=description)


def figure(
    title: str, expr: str, *, unit: str = "short", width: int = 4, bad_from: float | None = None
) -> Panel:
    """How it is now."""
    return Panel(title, (Query(expr),), unit, "stat", width, bad_from)


def dashboard(uid: str, title: str, description: str, rows: Sequence[Row]) -> Json:
    """The whole document."""
    return {
        "uid": f"portico-{uid}",
        "title": title,
        "description": description,
        "tags": ["portico"],
        "timezone": "utc",
        "editable": False,
        "refresh": "10s",
        "schemaVersion": 39,
        "time": {"from": "now-1h", "to": "now"},
        "templating": {"list": []},
        "links": [_others()],
        "panels": _placed(rows),
    }


def _others() -> Json:
    return {
        "type": "dashboards",
        "title": "Portico",
        "tags": ["portico"],
        "asDropdown": False,
        "keepTime": True,
    }


def _placed(rows: Sequence[Row]) -> list[Json]:
    """Panels from left to right, a new line where one does not fit; numbered as they come."""
    placed: list[Json] = []
    y = 0
    for row in rows:
        placed.append(
            {"type": "row", "title": row.title, "collapsed": False, "panels": [], "gridPos": _at(0, y, 24, 1)}
        )
        x, y = 0, y + 1
        for panel in row.panels:
            if x + panel.width > _COLUMNS:
                x, y = 0, y + _HEIGHT
            placed.append({**_panel(panel), "gridPos": _at(x, y, panel.width, _HEIGHT)})
            x += panel.width
        y += _HEIGHT
    return [{"id": number, **panel} for number, panel in enumerate(placed, 1)]


def _panel(panel: Panel) -> Json:
    return {
        "type": panel.kind,
        "title": panel.title,
        "description": panel.description,
        "datasource": PROMETHEUS,
        "targets": [_target(number, query) for number, query in enumerate(panel.queries)],
        "fieldConfig": {"defaults": _defaults(panel), "overrides": []},
        "options": _options(panel.kind),
    }


def _target(number: int, query: Query) -> Json:
    return {
        "refId": "ABCDEFGH"[number],
        "datasource": PROMETHEUS,
        "expr": query.expr,
        "legendFormat": query.legend or "__auto",
    }


def _defaults(panel: Panel) -> Json:
    steps: list[Json] = [{"color": "green", "value": None}]
    if panel.bad_from is not None:
        steps.append({"color": "red", "value": panel.bad_from})
    drawn = {"custom": {"fillOpacity": 10, "showPoints": "never"}} if panel.kind == "timeseries" else {}
    return {"unit": panel.unit, "min": 0, "thresholds": {"mode": "absolute", "steps": steps}, **drawn}


def _options(kind: str) -> Json:
    if kind == "stat":
        return {
            "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
            "graphMode": "area",
        }
    return {
        "legend": {"displayMode": "list", "placement": "bottom"},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }


def _at(x: int, y: int, width: int, height: int) -> Json:
    return {"x": x, "y": y, "w": width, "h": height}
