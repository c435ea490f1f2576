"""Kibana's saved objects: the data view, searches over it, pictures of it, and the dashboard of them."""

import json
from typing import Any, Final

Json = dict[str, Any]
DATA_VIEW: Final = "portico-logs"
INDEX: Final = "logs-portico-*"
_WRITTEN_BY: Final = "8.0.0"
_INDEX_REF: Final = "kibanaSavedObjectMeta.searchSourceJSON.index"


def objects() -> list[Json]:
    """All of them; what others refer to comes first."""
    searches = [
        search(
            "by-correlation-id",
            "By correlation id",
            "labels.correlation_id : *",
            "All that one request caused: put its id in place of the star.",
            "service.name",
            "log.level",
            "message",
            "labels.correlation_id",
        ),
        search(
            "by-trace",
            "By trace",
            "trace.id : *",
            "One trace in all services, as Jaeger shows it too.",
            "service.name",
            "log.logger",
            "message",
            "trace.id",
        ),
        search(
            "by-order",
            "By order",
            "url.path : */orders/*",
            "Requests about an order: put its id behind the slash; by trace there is more.",
            "service.name",
            "message",
            "http.response.status_code",
            "trace.id",
        ),
        search(
            "errors",
            "Errors by service",
            "log.level : (error or critical) or http.response.status_code >= 500",
            "What failed, the latest first.",
            "service.name",
            "message",
            "error.type",
            "trace.id",
        ),
        search(
            "refused",
            "Refused at the edge",
            "service.name : envoy-edge and http.response.status_code >= 400",
            "Answers with 4xx and 5xx, and Envoy's reason.",
            "message",
            "labels.response_flags",
            "labels.response_code_details",
            "labels.correlation_id",
        ),
    ]
    pictures = [
        histogram("lines-by-service", "Lines by service", "", "service.name"),
        histogram(
            "errors-by-service", "Errors by service", "log.level : (error or critical)", "service.name"
        ),
        histogram(
            "answers-of-the-edge",
            "Answers of the edge",
            "service.name : envoy-edge",
            "http.response.status_code",
        ),
    ]
    return [_data_view(), *searches, *pictures, _dashboard(pictures, searches)]


def search(name: str, title: str, query: str, description: str, *columns: str) -> Json:
    """A saved search with these columns, newest first."""
    return _object(
        "search",
        name,
        {
            "title": f"Portico: {title}",
            "description": description,
            "columns": list(columns),
            "sort": [["@timestamp", "desc"]],
            "kibanaSavedObjectMeta": {"searchSourceJSON": _source(query)},
        },
        [_data_view_reference(_INDEX_REF)],
    )


def histogram(name: str, title: str, query: str, split: str) -> Json:
    """How many lines over time, a colour for each value of the field `split`."""
    state = {
        "title": f"Portico: {title}",
        "type": "histogram",
        "params": {"type": "histogram", "addLegend": True, "addTooltip": True, "legendPosition": "right"},
        "aggs": [
            {"id": "1", "enabled": True, "type": "count", "schema": "metric", "params": {}},
            _aggregation(
                "2", "date_histogram", "segment", field="@timestamp", interval="auto", min_doc_count=1
            ),
            _aggregation("3", "terms", "group", field=split, size=15, order="desc", orderBy="1"),
        ],
    }
    return _object(
        "visualization",
        name,
        {
            "title": state["title"],
            "visState": json.dumps(state),
            "uiStateJSON": "{}",
            "kibanaSavedObjectMeta": {"searchSourceJSON": _source(query)},
        },
        [_data_view_reference(_INDEX_REF)],
    )


def _aggregation(number: str, kind: str, schema: str, **params: Any) -> Json:
    return {"id": number, "enabled": True, "type": kind, "schema": schema, "params": params}


def _data_view() -> Json:
    return _object(
        "index-pattern",
        DATA_VIEW,
        {"title": INDEX, "name": "Portico logs", "timeFieldName": "@timestamp"},
        [],
    )


def _dashboard(pictures: list[Json], searches: list[Json]) -> Json:
    shown = [*((one, 16, 12) for one in pictures), (searches[3], 48, 18), (searches[0], 48, 18)]
    panels, references, x, y = [], [], 0, 0
    for number, (one, width, height) in enumerate(shown):
        if x + width > 48:
            x, y = 0, y + 18
        name = f"panel_{number}"
        panels.append(
            {
                "type": one["type"],
                "panelIndex": str(number),
                "panelRefName": name,
                "gridData": {"i": str(number), "x": x, "y": y, "w": width, "h": height},
                "embeddableConfig": {},
            }
        )
        references.append({"name": f"{number}:{name}", "type": one["type"], "id": one["id"]})
        x += width
    return _object(
        "dashboard",
        "overview",
        {
            "title": "Portico: logs",
            "description": "What is said, what fails, and what the edge answers.",
            "timeRestore": True,
            "timeFrom": "now-1h",
            "timeTo": "now",
            "optionsJSON": json.dumps({"useMargins": True, "hidePanelTitles": False}),
            "panelsJSON": json.dumps(panels),
            "kibanaSavedObjectMeta": {"searchSourceJSON": json.dumps({"query": _kuery(""), "filter": []})},
        },
        references,
    )


def _source(query: str) -> str:
    return json.dumps({"query": _kuery(query), "filter": [], "indexRefName": _INDEX_REF})


def _kuery(query: str) -> Json:
    return {"language": "kuery", "query": query}


def _data_view_reference(name: str) -> Json:
    return {"name": name, "type": "index-pattern", "id": DATA_VIEW}


def _object(kind: str, name: str, attributes: Json, references: list[Json]) -> Json:
    id_ = name if name.startswith("portico-") else f"portico-{name}"
    # As Kibana 8.0 exports them: later ones know from it what they have to bring up to date.
    written_by = {"coreMigrationVersion": _WRITTEN_BY, "migrationVersion": {kind: _WRITTEN_BY}}
    return {"type": kind, "id": id_, **written_by, "attributes": attributes, "references": references}
