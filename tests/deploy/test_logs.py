"""From a line on stdout to a field that one can search for.

Logstash, Elasticsearch and Kibana are not run here: what they are told is read, in their own languages.
"""

import json
import logging
import re
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from discovery.control_plane.bootstrap import FORWARD_PORT
from discovery.control_plane.publisher import ROLES
from discovery.control_plane.resources.telemetry import access_fields, access_logs
from discovery.control_plane.settings import Settings
from observability import ecs
from observability.kibana.__main__ import FILE, rendered
from observability.kibana.objects import objects
from scripts.compose.elastic import WRITER
from scripts.compose.environment import LOGSTASH
from scripts.layout import CHECKOUT
from tests.deploy.lines import known, logged_by_name, unknown
from tests.deploy.logstash import Branch, Plugin, SyntaxWrong, parse, plugins
from tests.deploy.stack import Service

PIPELINE = CHECKOUT / "observability/logstash/pipeline"
CONFIG = PIPELINE / "logs.conf"
SETTINGS = CHECKOUT / "observability/logstash/logstash.yml"
PIPELINES = CHECKOUT / "observability/logstash/pipelines.yml"
SCHEMA = {
    "@timestamp": "date",
    "message": "match_only_text",
    "ecs.version": "keyword",
    "event.duration": "long",
    "event.outcome": "keyword",
    "log.level": "keyword",
    "log.logger": "keyword",
    "service.name": "keyword",
    "service.version": "keyword",
    "service.node.name": "keyword",
    "trace.id": "keyword",
    "error.type": "keyword",
    "error.message": "match_only_text",
    "error.stack_trace": "wildcard",
    "http.request.method": "keyword",
    "http.request.bytes": "long",
    "http.response.status_code": "long",
    "http.response.bytes": "long",
    "url.path": "wildcard",
    "tags": "keyword",
    "labels": "object",
    "data_stream.type": "constant_keyword",
    "data_stream.dataset": "constant_keyword",
    "data_stream.namespace": "constant_keyword",
}
"""The types of Elastic Common Schema 8.11."""


@pytest.fixture(scope="module")
def pipeline() -> dict[str, list[Plugin | Branch]]:
    return parse(CONFIG.read_text())


def line(**extra: Any) -> dict[str, Any]:
    """A line of ours, with an error."""
    try:
        raise ValueError("amqp://u:hunter2@host said no")
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, "f.py", 1, "it failed", (), sys.exc_info())
    record.__dict__.update(extra)
    return dict(json.loads(ecs.EcsFormatter("order", "order-1", "0.1.0").render(record)))


def access_lines() -> list[dict[str, str]]:
    return [access_fields(role) for role in ROLES]


def test_every_field_has_the_type_that_the_schema_gives_it() -> None:
    assert known() == SCHEMA


def test_every_field_of_our_lines_can_be_searched_for() -> None:
    assert unknown(set(line(anything=1))) == set()
    assert {"http.request.method", "event.duration"} <= logged_by_name()
    assert unknown(logged_by_name()) == set()


def test_every_field_of_envoys_lines_can_be_searched_for() -> None:
    for fields in access_lines():
        assert unknown(set(fields)) == set()


def test_labels_are_keywords_and_nothing_else_grows() -> None:
    template = json.loads((CHECKOUT / "observability/elasticsearch/template.json").read_text())
    mappings, settings = template["template"]["mappings"], template["template"]["settings"]
    assert mappings["dynamic"] is False
    (rule,) = mappings["dynamic_templates"]
    assert rule["labels"]["path_match"] == "labels.*"
    assert rule["labels"]["mapping"]["type"] == "keyword"
    assert settings["index.mapping.total_fields.limit"] <= 300


def test_what_is_written_is_what_the_template_and_the_retention_are_for(
    pipeline: dict[str, list[Plugin | Branch]],
) -> None:
    (output,) = plugins(pipeline["output"])
    stream = "-".join(output.settings[f"data_stream_{part}"] for part in ("type", "dataset", "namespace"))
    template = json.loads((CHECKOUT / "observability/elasticsearch/template.json").read_text())
    (pattern,) = template["index_patterns"]
    assert re.fullmatch(pattern.replace("*", ".*"), stream)
    assert template["template"]["settings"]["index.lifecycle.name"] == "portico-logs"
    lifecycle = json.loads((CHECKOUT / "observability/elasticsearch/lifecycle.json").read_text())
    assert lifecycle["policy"]["phases"]["delete"]["min_age"] == "7d"
    assert output.settings["user"] == WRITER


def test_the_pipeline_is_of_plugins_that_logstash_has(pipeline: dict[str, list[Plugin | Branch]]) -> None:
    used = {section: {plugin.name for plugin in plugins(body)} for section, body in pipeline.items()}
    assert used == {
        "input": {"tcp"},
        "filter": {"date", "mutate", "prune"},
        "output": {"elasticsearch"},
    }


@pytest.mark.parametrize(
    "wrong",
    [
        "filter { mutate { add => } }",
        "filter { if { } }",
        "filters { }",
        "filter { mutate { a => [ 1 2 ] } }",
        "input {",
    ],
)
def test_what_is_not_its_language_is_told_from_it(wrong: str) -> None:
    with pytest.raises(SyntaxWrong):
        parse(wrong)


def test_processes_and_envoys_send_where_logstash_listens_in_the_language_of_each(
    pipeline: dict[str, list[Plugin | Branch]], services: dict[str, Service]
) -> None:
    ports = {plugin.settings["codec"]: int(plugin.settings["port"]) for plugin in plugins(pipeline["input"])}
    assert ports == {"json_lines": 5000, "fluent": 24224}
    assert f"logstash:{ports['json_lines']}" == LOGSTASH
    assert ports["fluent"] == FORWARD_PORT
    senders = {
        name
        for name, one in services.items()
        if one.get("environment", {}).get("PORTICO_LOGS_ADDRESS") == LOGSTASH
    }
    assert {"gateway", "order", "control-plane", "accounts"} <= senders
    assert services["control-plane"]["environment"]["PORTICO_COLLECT_ACCESS_LOGS"] == "true"
    # Nobody outside has to reach it, and nobody waits for it.
    assert "ports" not in services["logstash"]
    assert not [name for name in services if "logstash" in services[name].get("depends_on", {})]


def test_an_envoys_line_is_of_the_time_that_it_names(pipeline: dict[str, list[Plugin | Branch]]) -> None:
    collected = access_logs("edge", Settings(collect_access_logs=True))[1]["typed_config"]
    date = next(plugin for plugin in plugins(pipeline["filter"]) if plugin.name == "date")
    (named,) = set(collected["record"]) - set(access_fields("edge"))
    assert date.settings["match"] == [named, "ISO8601"]
    assert date.settings["remove_field"] == [named]
    assert date.settings["remove_tag"] == [collected["tag"]]


def test_secrets_are_dropped_by_name_as_our_own_code_does(pipeline: dict[str, list[Plugin | Branch]]) -> None:
    prune = next(plugin for plugin in plugins(pipeline["filter"]) if plugin.name == "prune")
    (pattern,) = prune.settings["blacklist_names"]
    assert pattern == f"(?i){ecs._SECRET_NAME.pattern}"
    dropped = re.compile(pattern)
    assert all(dropped.search(name) for name in ("labels.password", "labels.card_number", "labels.apiKey"))
    assert not [name for name in {*known(), "labels.correlation_id"} if dropped.search(name)]


@pytest.mark.parametrize("field", ["message", "error.message", "error.stack_trace"])
@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("mongodb://auth:hunter2@mongodb/auth", "mongodb://[redacted]@mongodb/auth"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer [redacted]"),
        ("token eyJhbGciOi.eyJzdWIi.c2ln end", "token [redacted] end"),
        ("of ada.l+x@example.test.", "of [redacted]."),
        ("card 4111 1111 1111 1111 declined", "card [redacted] declined"),
        ("5555-5555-5555-4444", "[redacted]"),
        ("card 378282246310005", "card [redacted]"),
        (
            "at 1795637326199178 in 01a2145331c574849c6e55af9ae0aad0",
            "at 1795637326199178 in 01a2145331c574849c6e55af9ae0aad0",
        ),
    ],
)
def test_secrets_are_cut_out_of_what_is_said(
    pipeline: dict[str, list[Plugin | Branch]], field: str, said: str, left: str
) -> None:
    for pattern in cut_out_of(pipeline, field):
        said = re.sub(pattern, "[redacted]", said)
    assert said == left


@pytest.mark.parametrize("field", ["message", "error.message", "error.stack_trace"])
def test_what_our_own_code_cuts_out_of_texts_is_cut_out_of_each(
    pipeline: dict[str, list[Plugin | Branch]], field: str
) -> None:
    assert set(ecs._SECRET_TEXT.pattern.split("|")) <= set(cut_out_of(pipeline, field))


def cut_out_of(pipeline: dict[str, list[Plugin | Branch]], field: str) -> list[str]:
    """The patterns whose matches a field loses."""
    rules = next(
        plugin.settings["gsub"] for plugin in plugins(pipeline["filter"]) if "gsub" in plugin.settings
    )
    assert set(rules[2::3]) == {"[redacted]"}
    return [pattern for where, pattern in zip(rules[::3], rules[1::3], strict=True) if where == field]


def test_nothing_of_logstash_grows_without_a_bound(services: dict[str, Service]) -> None:
    settings = yaml.safe_load(SETTINGS.read_text())
    assert settings["queue.max_bytes"] == "512mb"
    assert settings["dead_letter_queue.max_bytes"] == "64mb"
    (only,) = yaml.safe_load(PIPELINES.read_text())
    mounts = {volume["target"]: volume["source"] for volume in services["logstash"]["volumes"]}
    folder = Path(mounts[str(Path(only["path.config"]).parent)])
    assert CONFIG in set(folder.glob(Path(only["path.config"]).name))


def test_logstash_is_told_what_its_files_refer_to(services: dict[str, Service]) -> None:
    referred = set(re.findall(r"\$\{(\w+)\}", CONFIG.read_text()))
    assert referred <= services["logstash"]["environment"].keys()


def test_the_file_of_kibana_is_what_the_code_says() -> None:
    assert FILE.read_text() == rendered(), "run python -m observability.kibana"


def test_kibanas_objects_refer_to_one_another_and_to_fields_that_there_are() -> None:
    ids = {(one["type"], one["id"]) for one in objects()}
    assert len(ids) == len(objects())
    for one in objects():
        assert {(to["type"], to["id"]) for to in one["references"]} <= ids, one["id"]
        attributes = one["attributes"]
        source = json.loads(attributes.get("kibanaSavedObjectMeta", {}).get("searchSourceJSON", "{}"))
        if "indexRefName" in source:
            assert source["indexRefName"] in {to["name"] for to in one["references"]}
        asked = re.findall(r"([\w.@]+) (?::|>=|<=)", source.get("query", {}).get("query", ""))
        aggregated = [
            aggregation["params"]["field"]
            for aggregation in json.loads(attributes.get("visState", "{}")).get("aggs", ())
            if "field" in aggregation["params"]
        ]
        assert unknown([*asked, *aggregated, *attributes.get("columns", ())]) == set(), one["id"]
    (board,) = [one for one in objects() if one["type"] == "dashboard"]
    panels = json.loads(board["attributes"]["panelsJSON"])
    names = {f"{panel['panelIndex']}:{panel['panelRefName']}" for panel in panels}
    assert names == {to["name"] for to in board["references"]}
